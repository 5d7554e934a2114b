import { describe, expect, it } from 'vitest'
import type { VoidOut } from '@/shared/api'
import { covered, goOnAt, lessonPicture, madeUpBetween, openVoids } from './lesson-picture'

const segments = [
  { state: 'verified', media_from: 0, media_to: 10_000 },
  { state: 'void', media_from: 10_000, media_to: 30_000 },
] as const

const gap = (from: string, made_up: boolean): VoidOut => ({ from, to: from, media_from: 0, media_to: 1, ms: 630_000, made_up, reason: 'check_missed' })

describe('the picture of a lesson', () => {
  it('shows void time turning into waiting time as it is watched again', () => {
    const picture = lessonPicture(segments, 20_000, [{ from: 10_000, to: 15_000 }], true)
    expect(picture.segments.map((one) => [one.state, one.from, one.to])).toEqual([
      ['verified', 0, 10_000],
      ['pending', 10_000, 15_000],
      ['void', 15_000, 30_000],
    ])
    expect(picture.void_ms).toBe(15_000)
    expect(covered(segments)).toEqual([{ from: 0, to: 10_000 }])
  })

  it('credits at once where nothing is checked', () => {
    expect(lessonPicture([], 0, [{ from: 0, to: 5_000 }], false).segments).toEqual([{ state: 'verified', from: 0, to: 5_000 }])
  })

  it('goes on after a check where counting stopped, if that was a moment ago', () => {
    expect(goOnAt(segments, 10_300)).toBe(10_000)
    expect(goOnAt(segments, 9_000)).toBe(9_000)
    expect(goOnAt(segments, 25_000)).toBe(25_000)
    expect(goOnAt([], 400)).toBe(0)
  })

  it('lists what is still to be made up and knows what was', () => {
    const before = [gap('2026-11-24T01:06:00Z', false), gap('2026-11-24T02:06:00Z', false)]
    const after = [gap('2026-11-24T01:06:00Z', true), gap('2026-11-24T02:06:00Z', false)]
    expect(openVoids(before).map((one) => one.from)).toEqual(['2026-11-24T02:06:00Z', '2026-11-24T01:06:00Z'])
    expect(madeUpBetween(before, after)).toBe(630_000)
    expect(madeUpBetween(after, after)).toBe(0)
  })
})
