/** What is asked of the audit trail, and its actions as keys of words. */

/** Actions as a reader looks for them; each also finds what is named below it. */
export const AUDIT_GROUPS = [
  'login', 'learner', 'correction', 'staff', 'approval', 'audit', 'password', 'consent', 'join_request', 'enrolment', 'class', 'policy', 'erasure', 'vault',
] as const

/** The key of an action's word: dots would part it. */
export function actionKey(action: string): string {
  return `desk.audit.actions.${action.replaceAll('.', '_')}`
}

/** Does it show somebody's personal data to somebody else? */
export function isLook(action: string): boolean {
  return action === 'learner.list' || action === 'correction.view' || action === 'learner.reveal' || action.startsWith('learner.view')
}

export interface AuditAsk {
  from: string
  to: string
  actor: string
  action: string
  object: string
  result: string
}

export const NOTHING_ASKED: AuditAsk = { from: '', to: '', actor: '', action: '', object: '', result: '' }

/** The query: only what is filled in. */
export function auditQuery(ask: AuditAsk, after: string | null): Partial<AuditAsk> & { after?: string } {
  const filled = Object.entries(ask)
    .map(([name, value]) => [name, value.trim()] as const)
    .filter(([, value]) => value !== '')
  return { ...Object.fromEntries(filled), ...(after === null ? {} : { after }) }
}
