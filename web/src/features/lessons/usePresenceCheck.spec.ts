import { effectScope } from 'vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Challenge, Verdict } from '@zhipei/learning-session'
import { usePresenceCheck, type PresenceCheck } from './usePresenceCheck'

const challenge: Challenge = {
  type: 'challenge', id: 'c', kind: 'presence', closing: false, round: 1, attempt: 1, tries: 2,
  prompt: { ask: '7', options: ['3', '7', '9'] }, pending_ms: 410_000, answer_within_ms: 60_000,
}
const verdict = (over: Partial<Verdict>): Verdict => ({ type: 'verdict', id: 'c', result: 'passed', verified_ms: 0, pending_ms: 0, ...over })

let answered: [string, string][]
let check: PresenceCheck
const scope = effectScope()

beforeEach(() => {
  vi.useFakeTimers()
  answered = []
  check = scope.run(() => usePresenceCheck((id, option) => answered.push([id, option]), () => Date.now())) as PresenceCheck
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a presence check', () => {
  it('counts down from what the server gives', () => {
    check.asked(challenge)
    vi.advanceTimersByTime(18_000)
    expect(check.secondsLeft.value).toBe(42)
    expect(check.share.value).toBeCloseTo(0.7)
  })

  it('sends one answer, and only an offered one', () => {
    check.asked(challenge)
    check.pick('5')
    check.pick('7')
    check.pick('9')
    expect(answered).toEqual([['c', '7']])
  })

  it('asks again with another number while the time goes on', () => {
    check.asked(challenge)
    vi.advanceTimersByTime(10_000)
    check.pick('3')
    check.judged(verdict({ result: 'try_again', attempt: 2, prompt: { ask: '9', options: ['1', '2', '9'] } }))
    expect(check.view.value).toMatchObject({ phase: 'retry', attempt: 2, prompt: { ask: '9' } })
    expect(check.secondsLeft.value).toBe(50)
    check.pick('9')
    expect(answered).toHaveLength(2)
  })

  it('waits for the second round and then asks afresh', () => {
    check.asked(challenge)
    check.judged(verdict({ result: 'repeat_later', next_in_ms: 60_000 }))
    expect(check.view.value?.phase).toBe('wait')
    check.pick('7')
    expect(answered).toEqual([])
    vi.advanceTimersByTime(60_000)
    check.asked({ ...challenge, round: 2 })
    expect(check.view.value?.phase).toBe('ask')
    expect(check.secondsLeft.value).toBe(60)
  })

  it('goes when it is passed, missed, postponed or lost', () => {
    for (const result of ['passed', 'missed', 'postponed', 'frozen'] as const) {
      check.asked(challenge)
      check.judged(verdict({ result }))
      expect(check.view.value).toBeNull()
    }
    check.asked(challenge)
    check.lost()
    expect(check.view.value).toBeNull()
  })

  it('takes no notice of a verdict on another check', () => {
    check.asked(challenge)
    check.judged(verdict({ id: 'other' }))
    expect(check.view.value).not.toBeNull()
  })
})
