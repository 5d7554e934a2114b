/** Numbers that run between acknowledgements. They only foretell what the next one will confirm:
 *  new media, at most as much as time went by, a moment behind. */
import type { Heartbeat } from './messages'

export interface Range {
  from: number
  to: number
}

export interface LiveMoment {
  playing: boolean
  position_ms: number
  monotonic_ms: number
}

/** Kept back, so that a settled number is not smaller than what was shown just before. */
const BEHIND_MS = 500
const HOLD_MS = 1_500
const JUMP_MS = 2_000

export class LiveTotals {
  /** False where nothing is checked: then time counts at once, none of it waits. */
  checked = true
  private verified = 0
  private pending = 0
  /** Media that earned before the last reset; it earns nothing again. */
  private covered: Range[] = []
  private seen: Range[] = []
  /** What later acknowledgements will bring, by the moment at which it was earned. */
  private gains: { at: number; ms: number }[] = []
  private last: LiveMoment | null = null
  private counts = true
  /** A settled total a fraction below the one shown is not shown as a step back. */
  private held = 0

  /** False while nothing counts: the day is full, a check is open. */
  setCounting(counts: boolean): void {
    this.counts = counts
  }

  /** A fresh start from the server's own picture of the lesson. */
  reset(verifiedMs: number, pendingMs: number, covered: readonly Range[]): void {
    this.verified = verifiedMs
    this.pending = pendingMs
    this.covered = union(covered)
    this.seen = []
    this.gains = []
    this.held = 0
  }

  /** An acknowledgement: the totals hold up to that heartbeat, the rest is still foretold. */
  settle(verifiedMs: number, pendingMs: number, through: Heartbeat | null): void {
    const shown = this.verified + this.pending + this.runningMs()
    this.verified = verifiedMs
    this.pending = pendingMs
    if (through) this.gains = this.gains.filter((gain) => gain.at > through.client_ms)
    const back = shown - verifiedMs - pendingMs
    this.held = back > 0 && back < HOLD_MS ? back : 0
  }

  /** The player's position now; to be called a few times a second. */
  advance(moment: LiveMoment): void {
    const { last } = this
    this.last = moment
    if (!last?.playing || !this.counts) return
    const elapsed = moment.monotonic_ms - last.monotonic_ms
    const media = moment.position_ms - last.position_ms
    if (media <= 0 || elapsed <= 0 || media > elapsed * 4 + JUMP_MS) return
    const range = { from: last.position_ms, to: moment.position_ms }
    const fresh = measure(subtract(range, [...this.covered, ...this.seen]))
    if (fresh > 0) this.gains.push({ at: moment.monotonic_ms, ms: fresh * Math.min(1, elapsed / media) })
    this.seen = union([...this.seen, range])
  }

  /** New media seen since the last reset: the waiting end of the ribbon. */
  get freshRanges(): readonly Range[] {
    return this.seen.flatMap((range) => subtract(range, this.covered))
  }

  verifiedMs(): number {
    return this.verified + (this.checked ? 0 : this.runningMs())
  }

  pendingMs(): number {
    return this.pending + (this.checked ? this.runningMs() : 0)
  }

  /** What the next acknowledgement will bring. */
  private runningMs(): number {
    const gained = this.gains.reduce((sum, gain) => sum + gain.ms, 0)
    return Math.max(this.held, gained - BEHIND_MS, 0)
  }
}

export function union(ranges: readonly Range[]): Range[] {
  const sorted = ranges.filter((range) => range.to > range.from).sort((a, b) => a.from - b.from)
  const out: Range[] = []
  for (const range of sorted) {
    const last = out.at(-1)
    if (last && range.from <= last.to) last.to = Math.max(last.to, range.to)
    else out.push({ ...range })
  }
  return out
}

export function subtract(range: Range, holes: readonly Range[]): Range[] {
  let left: Range[] = range.to > range.from ? [range] : []
  for (const hole of holes) {
    left = left.flatMap((piece) => [
      ...(piece.from < Math.min(piece.to, hole.from) ? [{ from: piece.from, to: Math.min(piece.to, hole.from) }] : []),
      ...(Math.max(piece.from, hole.to) < piece.to ? [{ from: Math.max(piece.from, hole.to), to: piece.to }] : []),
    ])
  }
  return left
}

export function measure(ranges: readonly Range[]): number {
  return ranges.reduce((sum, range) => sum + range.to - range.from, 0)
}
