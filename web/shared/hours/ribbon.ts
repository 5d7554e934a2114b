/** The hour ribbon (学时带): which piece is in which state, as shares of the whole. */

export type TimeState = 'verified' | 'pending' | 'void' | 'frozen' | 'over_cap'

export interface RibbonSegment {
  state: TimeState
  from: number
  to: number
}

export interface RibbonPiece {
  /** Null where nothing was watched. */
  state: TimeState | null
  percent: number
}

/** A change of device or of connection leaves less than this between two stretches; nobody missed anything there. */
const TOUCHING_MS = 1_000

/** Pieces from 0 to `length` in milliseconds, gaps of a second or more included; later segments never overlap earlier ones. */
export function ribbonPieces(segments: readonly RibbonSegment[], length: number): RibbonPiece[] {
  if (length <= 0) return []
  const pieces: RibbonPiece[] = []
  let at = 0
  for (const segment of [...segments].sort((a, b) => a.from - b.from)) {
    const begin = clamp(segment.from, at, length)
    const to = clamp(segment.to, begin, length)
    if (to <= begin) continue
    const from = pieces.length > 0 && begin - at < TOUCHING_MS ? at : begin
    if (from > at) pieces.push({ state: null, percent: percent(from - at, length) })
    const before = pieces.at(-1)
    if (before && before.state === segment.state) before.percent += percent(to - from, length)
    else pieces.push({ state: segment.state, percent: percent(to - from, length) })
    at = to
  }
  return pieces
}

/** Spans of the clock laid end to end, idle time left out: a day's row. */
export function laidEndToEnd(spans: readonly RibbonSegment[]): RibbonSegment[] {
  let at = 0
  return [...spans]
    .sort((a, b) => a.from - b.from)
    .map(({ state, from, to }) => {
      const start = at
      at += Math.max(0, to - from)
      return { state, from: start, to: at }
    })
}

/** Adds fresh waiting pieces where the ribbon shows nothing that counts: void pieces give way as they are made up. */
export function withFresh(
  segments: readonly RibbonSegment[],
  fresh: readonly { from: number; to: number }[],
  state: TimeState,
): RibbonSegment[] {
  const kept = segments.flatMap((segment) => {
    if (segment.state !== 'void' && segment.state !== 'over_cap') return [segment]
    return cut(segment, fresh)
  })
  const counted = kept.filter((segment) => segment.state !== 'void' && segment.state !== 'over_cap')
  const added = fresh.flatMap((range) => cut({ state, from: range.from, to: range.to }, counted))
  return [...kept, ...added].sort((a, b) => a.from - b.from)
}

/** A round figure at least as long as every row, so that rows compare. */
export function commonScale(lengths: readonly number[]): number {
  const longest = Math.max(0, ...lengths)
  const step = 30 * 60_000
  return Math.max(step, Math.ceil(longest / step) * step)
}

function cut(segment: RibbonSegment, holes: readonly { from: number; to: number }[]): RibbonSegment[] {
  let left = [segment]
  for (const hole of holes) {
    left = left.flatMap((piece) => {
      if (hole.to <= piece.from || hole.from >= piece.to) return [piece]
      return [
        ...(hole.from > piece.from ? [{ ...piece, to: hole.from }] : []),
        ...(hole.to < piece.to ? [{ ...piece, from: hole.to }] : []),
      ]
    })
  }
  return left
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high)
}

function percent(part: number, whole: number): number {
  return (part / whole) * 100
}
