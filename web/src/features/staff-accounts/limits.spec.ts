import { describe, expect, it } from 'vitest'
import type { StaffAccount } from '@/shared/api'
import { limitsBefore, limitsOf } from './limits'

describe('the limits of an account', () => {
  it('are taken however they are parted, and none is no limit', () => {
    expect(limitsOf({ ranges: ' 10.20.0.0/16\n10.30.0.0/16，10.40.0.0/16 ', last_day: '2027-01-31' })).toEqual({
      ranges: ['10.20.0.0/16', '10.30.0.0/16', '10.40.0.0/16'],
      last_day: '2027-01-31',
    })
    expect(limitsOf({ ranges: ' ', last_day: '' })).toEqual({ ranges: [], last_day: null })
  })

  it('begin with what holds', () => {
    const account = { ranges: ['10.20.0.0/16'], expires_at: '2027-01-31T16:00:00Z' } as StaffAccount
    expect(limitsBefore(account)).toEqual({ ranges: '10.20.0.0/16', last_day: '2027-01-31' })
    expect(limitsBefore(null)).toEqual({ ranges: '', last_day: '' })
  })
})
