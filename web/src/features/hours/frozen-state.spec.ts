import { describe, expect, it } from 'vitest'
import { frozenState } from './frozen-state'

const until = '2026-11-24T01:00:00Z'
const last = Date.parse(until)
const time = { appeal: null, appeal_until: until, restored: null }

describe('the state of frozen time', () => {
  it('is open for an appeal to its last moment', () => {
    expect(frozenState(time, last)).toBe('open')
    expect(frozenState(time, last + 1)).toBe('over')
  })

  it('waits after the appeal, and ends with the decision', () => {
    expect(frozenState({ ...time, appeal: '是我本人' }, last + 1)).toBe('appealed')
    expect(frozenState({ ...time, restored: true }, last)).toBe('restored')
    expect(frozenState({ ...time, appeal: '是我本人', restored: false }, last)).toBe('void')
  })
})
