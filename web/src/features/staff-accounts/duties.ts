/** Which roles go together, and of what each is in charge; the server has the same rule (三员分立). */
import type { Schemas } from '@zhipei/api-client'

export const ROLES = [
  'supervisor', 'institution_manager', 'content_editor', 'help_desk_agent', 'system_administrator', 'security_administrator', 'audit_administrator',
] as const
export type RoleName = (typeof ROLES)[number]

const ADMINISTRATORS: readonly RoleName[] = ['system_administrator', 'security_administrator', 'audit_administrator']
/** The charge that a role has to have; a content editor works for the platform or for an institution. */
const CHARGES: Record<RoleName, readonly Charge[]> = {
  supervisor: ['region'],
  institution_manager: ['institution'],
  content_editor: ['platform', 'institution'],
  help_desk_agent: ['platform'],
  system_administrator: ['platform'],
  security_administrator: ['platform'],
  audit_administrator: ['platform'],
}
export type Charge = 'platform' | 'region' | 'institution'

export interface DutiesForm {
  roles: RoleName[]
  region: string | null
  institution: string
}

/** What an account with these roles can be in charge of; none where they do not go together. */
export function chargesOf(roles: readonly RoleName[]): Charge[] {
  return (['platform', 'region', 'institution'] as const).filter((charge) => roles.every((role) => CHARGES[role].includes(charge)))
}

/** An administrator is disabled and limited by two people, never by one. */
export function administers(account: { roles: readonly { role: string }[] }): boolean {
  return account.roles.some(({ role }) => (ADMINISTRATORS as readonly string[]).includes(role))
}

/** May this role be added to those that are chosen? */
export function fitsBeside(role: RoleName, chosen: readonly RoleName[]): boolean {
  const others = chosen.filter((one) => one !== role)
  if (others.length === 0) return true
  if (ADMINISTRATORS.includes(role) || others.some((one) => ADMINISTRATORS.includes(one))) return false
  return chargesOf([...others, role]).length > 0
}

/** As the server takes it. */
export function dutiesOf({ roles, region, institution }: DutiesForm): Schemas['DutiesIn'] {
  const charges = chargesOf(roles)
  return {
    roles,
    ...(charges.includes('region') && region !== null ? { region } : {}),
    ...(charges.includes('institution') && institution.trim() ? { institution_id: institution.trim() } : {}),
  }
}
