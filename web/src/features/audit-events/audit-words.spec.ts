import { describe, expect, it } from 'vitest'
import { actionKey, auditQuery, isLook, NOTHING_ASKED } from './audit-words'

describe('searching the audit trail', () => {
  it('asks only for what is filled in', () => {
    expect(auditQuery(NOTHING_ASKED, null)).toEqual({})
    expect(auditQuery({ ...NOTHING_ASKED, actor: ' wanghaitao ', action: 'learner' }, '17.x')).toEqual({
      actor: 'wanghaitao',
      action: 'learner',
      after: '17.x',
    })
  })

  it('finds the looks at personal data', () => {
    expect(['learner.list', 'learner.view', 'learner.view_hours', 'learner.reveal', 'correction.view'].every(isLook)).toBe(true)
    expect(isLook('learner.add')).toBe(false)
    expect(actionKey('learner.view_hours')).toBe('desk.audit.actions.learner_view_hours')
  })
})
