import { describe, expect, it } from 'vitest'
import type { ClassOut } from '@/shared/api'
import { currentClass, fewestDays, firstVoid, partOfDay, remainingHours, requiredHours, waitingFor } from './class-model'

const HOUR = 45 * 60_000
const totals = { verified_ms: 0, pending_ms: 0, void_ms: 0, frozen_ms: 0, over_cap_ms: 0, verified_hours: '0.00', pending_hours: '0.00', void_hours: '0.00', frozen_hours: '0.00' }

function aClass(over: Partial<ClassOut> = {}): ClassOut {
  return {
    id: 'class', enrolment_id: 'e', title: '电工', code: 'c', institution: 'i', occupation: 'o', occupation_code: '6-31-01-03', level: '五级',
    starts_on: '2026-11-03', ends_on: '2026-12-20', state: 'learning', required_ms: 24 * HOUR, minutes_per_hour: 45,
    totals: { ...totals, verified_ms: 41_634_000, verified_hours: '15.42' }, today: totals, daily_cap_ms: 480 * 60_000, continue_lesson: null,
    ...over,
  }
}

const noon = Date.parse('2026-11-24T04:00:00Z')

describe('what a class still asks', () => {
  it('subtracts figures, not times', () => {
    expect(requiredHours(aClass())).toBe('24')
    expect(remainingHours(aClass())).toBe('8.58')
    expect(fewestDays(aClass())).toBe(1)
    expect(fewestDays(aClass({ daily_cap_ms: 0 }))).toBeNull()
  })

  it('goes on with the running class that has a lesson', () => {
    const waiting = aClass({ id: 'a', state: 'not_started' })
    const plain = aClass({ id: 'b' })
    expect(currentClass([waiting, plain])?.id).toBe('b')
    expect(currentClass([waiting])).toBeNull()
  })
})

describe('what waits for the learner', () => {
  it('is void time of running classes, with the place to begin', () => {
    const segments = [
      { state: 'verified', media_from: 0, media_to: 10 },
      { state: 'void', media_from: 30, media_to: 40 },
      { state: 'void', media_from: 10, media_to: 20 },
    ] as const
    const continue_lesson = {
      lesson_id: 'l', course_title: '', chapter_title: '', number: '', title: '', position_ms: 0, length_ms: 50, poster_url: null, totals, segments: [...segments],
    }
    const one = aClass({ totals: { ...totals, void_ms: 630_000 }, continue_lesson })
    expect(waitingFor([one, aClass({ state: 'ended', totals: { ...totals, void_ms: 5 } })], noon)).toEqual([
      { kind: 'void', classId: 'class', title: '电工', ms: 630_000, lessonId: 'l', at: 10 },
    ])
    expect(firstVoid([])).toBeNull()
  })

  it('is a class that ends within a week with hours missing', () => {
    expect(waitingFor([aClass({ ends_on: '2026-11-30' })], noon)).toMatchObject([{ kind: 'ends', days: 6, hours: '8.58' }])
    expect(waitingFor([aClass({ ends_on: '2026-12-02' })], noon)).toEqual([])
  })
})

it('greets by the clock of Hainan', () => {
  expect(['00:30', '04:00', '08:00', '11:00'].map((time) => partOfDay(Date.parse(`2026-11-24T${time}:00Z`)))).toEqual([
    'morning', 'noon', 'afternoon', 'evening',
  ])
})
