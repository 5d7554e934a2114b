import { describe, expect, it } from 'vitest'
import type { HourRow } from '@/shared/api'
import { shownRows } from './hour-rows'

const totals = { verified_ms: 0, pending_ms: 0, void_ms: 0, frozen_ms: 0, over_cap_ms: 0, verified_hours: '0.00', pending_hours: '0.00', void_hours: '0.00', frozen_hours: '0.00' }

function row(over: Partial<HourRow>): HourRow {
  return { day: null, course_id: null, title: 't', from: '', to: '', totals, checks_passed: 0, checks_total: 0, spans: [], notes: [], ...over }
}

describe('the rows of the hours page', () => {
  it('show the newest day first, on one scale', () => {
    const span = (from: string, to: string) => ({ state: 'verified', from: `2026-11-22T${from}:00Z`, to: `2026-11-22T${to}:00Z` }) as const
    const { rows, scale } = shownRows([
      row({ day: '2026-11-04', spans: [span('01:00', '01:50')] }),
      row({ day: '2026-11-22', spans: [span('01:00', '01:10'), span('02:00', '02:10')] }),
    ])
    expect(rows.map((one) => one.key)).toEqual(['2026-11-22', '2026-11-04'])
    expect(rows[0]?.segments.at(-1)?.to).toBe(20 * 60_000)
    expect(scale).toBe(60 * 60_000)
  })

  it('leave courses in their order', () => {
    expect(shownRows([row({ course_id: 'b' }), row({ course_id: 'a' })]).rows.map((one) => one.key)).toEqual(['b', 'a'])
  })
})
