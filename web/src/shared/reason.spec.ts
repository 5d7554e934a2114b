import { describe, expect, it } from 'vitest'
import { isReason } from './reason'

describe('a reason', () => {
  it('has 2 to 200 characters', () => {
    expect([' 属 ', '属实', '𠮷'.repeat(200), '字'.repeat(201)].map(isReason)).toEqual([false, true, true, false])
  })
})
