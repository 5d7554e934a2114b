import { describe, expect, it } from 'vitest'
import { clockTime, clockTimeWithSeconds, dateParts, dateRange, daysBetween, flooredHours, hoursLeft, localMoment, runningTime, shortHours, spokenParts } from './format'
import { commonScale, laidEndToEnd, ribbonPieces, withFresh } from './ribbon'

describe('time as it is written', () => {
  it('runs as m:ss in whole seconds, rounded down', () => {
    expect([0, 999, 486_000, 630_999, 6_120_000].map(runningTime)).toEqual(['0:00', '0:00', '8:06', '10:30', '102:00'])
  })

  it('floors hours to hundredths', () => {
    expect(flooredHours(22 * 60_000, 45)).toBe('0.48')
    expect(flooredHours(480 * 60_000, 45)).toBe('10.66')
    expect(flooredHours(24 * 45 * 60_000, 45)).toBe('24.00')
    expect(shortHours(24 * 45 * 60_000, 45)).toBe('24')
  })

  it('subtracts figures exactly', () => {
    expect(hoursLeft('24.00', '15.42')).toBe('8.58')
    expect(hoursLeft('24', '25.10')).toBe('0.00')
  })

  it('splits a spoken time', () => {
    expect(spokenParts(410_000)).toEqual({ hours: 0, minutes: 6, seconds: 50 })
  })

  it('shows the clocks of Hainan', () => {
    expect(clockTime('2026-11-24T01:06:00Z')).toBe('9:06')
    expect(clockTimeWithSeconds('2026-11-24T01:22:30Z')).toBe('9:22:30')
    expect(localMoment('2026-11-24T16:30:00Z')).toMatchObject({ month: 11, day: 25, hour: 0, date: '2026-11-25' })
    expect(daysBetween('2026-11-24T15:59:00Z', '2026-11-24T16:01:00Z')).toBe(1)
  })

  it('names the year of a date only where it is not this one', () => {
    expect(dateParts('2026-04-11', 2026)).toEqual({ year: null, month: 4, day: 11 })
    expect(dateParts('2025-12-31T16:00:00Z', 2026)).toEqual({ year: null, month: 1, day: 1 })
    expect(dateParts('2027-03-25', 2026)).toEqual({ year: 2027, month: 3, day: 25 })
  })

  it('names both years of a range where leaving one out would mislead', () => {
    const years = (from: string, to: string) => dateRange(from, to, 2026).map(({ year }) => year)
    expect(years('2026-04-11', '2026-05-25')).toEqual([null, null])
    expect(years('2026-04-11', '2027-03-25')).toEqual([null, 2027])
    expect(years('2025-11-01', '2026-03-25')).toEqual([2025, 2026])
  })
})

describe('the hour ribbon', () => {
  it('shows pieces and gaps as shares of the whole', () => {
    const pieces = ribbonPieces(
      [
        { state: 'pending', from: 50_000, to: 75_000 },
        { state: 'verified', from: 0, to: 25_000 },
      ],
      100_000,
    )
    expect(pieces).toEqual([
      { state: 'verified', percent: 25 },
      { state: null, percent: 25 },
      { state: 'pending', percent: 25 },
    ])
  })

  it('keeps inside the whole and joins neighbours', () => {
    const pieces = ribbonPieces(
      [
        { state: 'verified', from: 0, to: 40_000 },
        { state: 'verified', from: 40_000, to: 60_000 },
        { state: 'void', from: 50_000, to: 200_000 },
      ],
      100_000,
    )
    expect(pieces).toEqual([
      { state: 'verified', percent: 60 },
      { state: 'void', percent: 40 },
    ])
  })

  it('draws stretches less than a second apart as touching, and a second as a gap', () => {
    const apart = (ms: number) =>
      ribbonPieces(
        [
          { state: 'verified', from: 0, to: 10_000 },
          { state: 'verified', from: 10_000 + ms, to: 20_000 },
          { state: 'pending', from: 20_000 + ms, to: 40_000 },
        ],
        40_000,
      ).map((piece) => piece.state)
    expect(apart(999)).toEqual(['verified', 'pending'])
    expect(apart(1_000)).toEqual(['verified', null, 'verified', null, 'pending'])
  })

  it('shows what was not watched at the very beginning', () => {
    expect(ribbonPieces([{ state: 'verified', from: 500, to: 1_000 }], 1_000)).toEqual([
      { state: null, percent: 50 },
      { state: 'verified', percent: 50 },
    ])
  })

  it('turns void into waiting as it is watched again, and leaves verified alone', () => {
    const segments = withFresh(
      [
        { state: 'verified', from: 0, to: 10 },
        { state: 'void', from: 10, to: 20 },
      ],
      [{ from: 5, to: 15 }],
      'pending',
    )
    expect(segments).toEqual([
      { state: 'verified', from: 0, to: 10 },
      { state: 'pending', from: 10, to: 15 },
      { state: 'void', from: 15, to: 20 },
    ])
  })

  it('lays the spans of a day end to end on a scale that all rows share', () => {
    expect(laidEndToEnd([{ state: 'void', from: 100, to: 130 }, { state: 'verified', from: 0, to: 50 }])).toEqual([
      { state: 'verified', from: 0, to: 50 },
      { state: 'void', from: 50, to: 80 },
    ])
    expect(commonScale([65 * 60_000, 10])).toBe(90 * 60_000)
  })
})
