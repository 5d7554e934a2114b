/** The heartbeats of one clock: their numbers, what is not yet acknowledged, and how much time that is. */
import type { Heartbeat, Sample } from './messages'
import type { Draft } from './ports'

/** Beyond this the server joins no two heartbeats, so the time between them is nobody's. */
const LONGEST_PAIR_MS = 30_000

export class ClockBuffer {
  private next = 1
  private acked: Heartbeat | null = null
  private waiting: Heartbeat[] = []
  draft: Draft | null = null

  constructor(readonly clockId: string) {}

  get unacked(): readonly Heartbeat[] {
    return this.waiting
  }

  get ackedSeq(): number {
    return this.acked?.seq ?? 0
  }

  get last(): Heartbeat | null {
    return this.waiting.at(-1) ?? this.acked
  }

  add(sample: Sample, clientMs: number): Heartbeat {
    const item: Heartbeat = {
      seq: this.next,
      state: sample.state,
      position_ms: Math.max(0, Math.round(sample.position_ms)),
      rate: sample.rate,
      // Never before its predecessor, whatever a rewritten draft says.
      client_ms: Math.max(Math.round(clientMs), this.last?.client_ms ?? 0),
    }
    this.next += 1
    this.waiting.push(item)
    this.draft = null
    return item
  }

  /** The number of the last heartbeat dropped by this acknowledgement; null when it says nothing new. */
  acknowledge(seq: number): Heartbeat | null {
    if (seq <= this.ackedSeq) return null
    const upTo = this.waiting.filter((item) => item.seq <= seq).at(-1)
    if (!upTo) return null
    this.waiting = this.waiting.filter((item) => item.seq > seq)
    this.acked = upTo
    return upTo
  }

  /** Time played up to `now` that no acknowledgement covers. */
  unsentMs(now: Draft): number {
    return playedMs([...(this.acked ? [this.acked] : []), ...this.waiting, now])
  }
}

export function playedMs(samples: readonly (Sample & { client_ms: number })[]): number {
  let total = 0
  for (let i = 1; i < samples.length; i += 1) {
    const from = samples[i - 1]
    const to = samples[i]
    if (!from || !to || from.state !== 'playing') continue
    const elapsed = to.client_ms - from.client_ms
    const advanced = to.position_ms - from.position_ms
    if (elapsed > LONGEST_PAIR_MS || advanced <= 0) continue
    total += Math.min(elapsed, advanced)
  }
  return total
}
