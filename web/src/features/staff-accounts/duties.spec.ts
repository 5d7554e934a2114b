import { describe, expect, it } from 'vitest'
import { administers, chargesOf, dutiesOf, fitsBeside, ROLES, type RoleName } from './duties'

describe('the duties of an account', () => {
  it('keep the three administrators apart from one another and from every other role', () => {
    for (const administrator of ['system_administrator', 'security_administrator', 'audit_administrator'] as const) {
      for (const other of ROLES) {
        const together = administrator === other
        expect(fitsBeside(administrator, [other])).toBe(together)
        expect(fitsBeside(other, [administrator])).toBe(together)
      }
      expect(fitsBeside(administrator, [])).toBe(true)
    }
  })

  it('go together where one charge serves them all', () => {
    const charges: [RoleName[], string[]][] = [
      [['supervisor'], ['region']],
      [['institution_manager', 'content_editor'], ['institution']],
      [['content_editor'], ['platform', 'institution']],
      [['content_editor', 'help_desk_agent'], ['platform']],
    ]
    for (const [roles, expected] of charges) expect(chargesOf(roles)).toEqual(expected)
    expect(fitsBeside('supervisor', ['institution_manager'])).toBe(false)
    expect(fitsBeside('help_desk_agent', ['institution_manager', 'content_editor'])).toBe(false)
  })

  it('tell whom one person alone may not disable', () => {
    expect(administers({ roles: [{ role: 'audit_administrator' }] })).toBe(true)
    expect(administers({ roles: [{ role: 'supervisor' }] })).toBe(false)
  })

  it('say nothing of a charge that the roles do not have', () => {
    expect(dutiesOf({ roles: ['supervisor'], region: '469002', institution: 'left over' })).toEqual({ roles: ['supervisor'], region: '469002' })
    expect(dutiesOf({ roles: ['audit_administrator'], region: '469002', institution: '' })).toEqual({ roles: ['audit_administrator'] })
  })
})
