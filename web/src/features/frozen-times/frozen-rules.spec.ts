import { describe, expect, it } from 'vitest'
import { mayVoid } from './frozen-rules'

const until = '2026-11-24T01:00:00Z'
const last = Date.parse(until)

describe('the decision on frozen time', () => {
  it('goes against the learner only after the appeal or its last moment', () => {
    expect(mayVoid({ appeal: null, appeal_until: until }, last)).toBe(false)
    expect(mayVoid({ appeal: null, appeal_until: until }, last + 1)).toBe(true)
    expect(mayVoid({ appeal: '是我本人', appeal_until: until }, last - 1)).toBe(true)
  })
})
