import { effectScope } from 'vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Challenge, Verdict } from '@zhipei/learning-session'
import { useCheck, type Check } from './useCheck'

const challenge: Challenge = {
  type: 'challenge', id: 'c', kind: 'presence', closing: false, round: 1, attempt: 1, tries: 2,
  prompt: { ask: '7', options: ['3', '7', '9'] }, pending_ms: 410_000, answer_within_ms: 60_000,
}
const verdict = (over: Partial<Verdict>): Verdict => ({ type: 'verdict', id: 'c', result: 'passed', verified_ms: 0, pending_ms: 0, ...over })

let answered: [string, string][]
let turned: string[]
let check: Check
const scope = effectScope()

beforeEach(() => {
  vi.useFakeTimers()
  answered = []
  turned = []
  const sender = { answer: (id: string, given: string) => void answered.push([id, given]), otherWay: (id: string) => void turned.push(id) }
  check = scope.run(() => useCheck(sender, () => Date.now())) as Check
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

describe('a face check', () => {
  const face: Challenge = { ...challenge, kind: 'face_action', prompt: { ask: '', options: [], actions: ['blink', 'turn_left'], nonce: 'n1' } }

  it('takes no clicks and no codes', () => {
    check.asked(face)
    check.pick('7')
    check.giveCode('123456')
    expect(answered).toEqual([])
    expect(check.view.value).toMatchObject({ way: 'face', prompt: { nonce: 'n1' } })
  })

  it('asks again with other actions while the time goes on', () => {
    check.asked(face)
    vi.advanceTimersByTime(20_000)
    check.judged(verdict({ result: 'try_again', attempt: 2, prompt: { ask: '', options: [], actions: ['open_mouth'], nonce: 'n2' } }))
    expect(check.view.value).toMatchObject({ way: 'face', phase: 'retry', attempt: 2, prompt: { nonce: 'n2' } })
    expect(check.secondsLeft.value).toBe(40)
  })

  it('turns into a code when that is asked for, with its own time and no blame', () => {
    check.asked(face)
    check.judged(verdict({ result: 'try_again', attempt: 2 }))
    check.otherWay()
    check.otherWay()
    expect(turned).toEqual(['c'])
    expect(check.turning.value).toBe(true)
    check.asked({ ...challenge, kind: 'sms', attempt: 2, prompt: { ask: '', options: [] }, answer_within_ms: 120_000 })
    expect(check.view.value).toMatchObject({ way: 'sms', phase: 'ask' })
    expect(check.turning.value).toBe(false)
    expect(check.secondsLeft.value).toBe(120)
  })

  it('offers the other way again when nothing came of it', () => {
    check.asked(face)
    check.otherWay()
    vi.advanceTimersByTime(9_000)
    expect(check.turning.value).toBe(false)
    check.otherWay()
    expect(turned).toEqual(['c', 'c'])
  })
})

describe('a code', () => {
  const sms: Challenge = { ...challenge, kind: 'sms', prompt: { ask: '', options: [] } }

  it('is sent as six digits, once', () => {
    check.asked(sms)
    check.giveCode('12345')
    check.giveCode('１２３ ４５６')
    check.giveCode('654321')
    expect(answered).toEqual([['c', '123456']])
  })

  it('may be given again when it was wrong', () => {
    check.asked(sms)
    check.giveCode('111111')
    check.judged(verdict({ result: 'try_again', attempt: 2 }))
    check.giveCode('222222')
    expect(answered.map(([, code]) => code)).toEqual(['111111', '222222'])
  })
})
