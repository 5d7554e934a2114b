/** Rows of the hours page from what the API lists. */
import { commonScale, laidEndToEnd, type RibbonSegment } from '@zhipei/hours'
import type { HourRow } from './api'

export interface ShownRow {
  key: string
  row: HourRow
  segments: RibbonSegment[]
}

export interface ShownRows {
  rows: ShownRow[]
  /** One scale for all ribbons, in milliseconds. */
  scale: number
}

/** Newest day first; courses in their own order. */
export function shownRows(rows: readonly HourRow[]): ShownRows {
  const shown = rows.map((row) => ({
    key: row.day ?? row.course_id ?? row.title,
    row,
    segments: laidEndToEnd(row.spans.map((span) => ({ state: span.state, from: Date.parse(span.from), to: Date.parse(span.to) }))),
  }))
  if (rows.some((row) => row.day !== null)) shown.sort((a, b) => (a.key < b.key ? 1 : -1))
  return { rows: shown, scale: commonScale(shown.map((one) => one.segments.at(-1)?.to ?? 0)) }
}
