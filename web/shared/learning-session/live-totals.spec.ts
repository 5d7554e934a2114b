import { describe, expect, it } from 'vitest'
import { LiveTotals, measure, subtract, union } from './live-totals'
import type { Heartbeat } from './messages'

const at = (seq: number, ms: number): Heartbeat => ({ seq, state: 'playing', position_ms: ms, rate: 1, client_ms: ms })

function play(live: LiveTotals, from: number, to: number, rate = 1): void {
  for (let t = from; t <= to; t += 250) live.advance({ playing: true, position_ms: t * rate, monotonic_ms: t })
}

describe('live totals', () => {
  it('run a moment behind what the next acknowledgement confirms', () => {
    const live = new LiveTotals()
    live.reset(0, 60_000, [])
    play(live, 0, 10_000)
    expect(live.pendingMs()).toBe(69_500)
    live.settle(0, 70_000, at(2, 10_000))
    expect(live.pendingMs()).toBe(70_000)
  })

  it('promise nothing for media that was covered before or seen just now', () => {
    const live = new LiveTotals()
    live.reset(0, 0, [{ from: 0, to: 8_000 }])
    play(live, 0, 10_000)
    expect(live.pendingMs()).toBe(1_500)
    live.advance({ playing: true, position_ms: 0, monotonic_ms: 10_100 })
    for (let t = 0; t <= 10_000; t += 250) live.advance({ playing: true, position_ms: t, monotonic_ms: 10_100 + t })
    expect(live.pendingMs()).toBe(1_500)
  })

  it('promise no more than the time that went by when the film runs faster', () => {
    const live = new LiveTotals()
    live.reset(0, 0, [])
    play(live, 0, 10_000, 1.5)
    expect(live.pendingMs()).toBeCloseTo(9_500)
  })

  it('do not step back by a fraction, but show a real loss', () => {
    const live = new LiveTotals()
    live.reset(0, 0, [])
    play(live, 0, 10_000)
    live.settle(0, 9_000, at(2, 10_000))
    expect(live.pendingMs()).toBe(9_500)
    live.settle(0, 2_000, at(3, 20_000))
    expect(live.pendingMs()).toBe(2_000)
  })

  it('stand still while nothing counts', () => {
    const live = new LiveTotals()
    live.reset(0, 0, [])
    live.setCounting(false)
    play(live, 0, 10_000)
    expect(live.pendingMs()).toBe(0)
  })

  it('keep what was earned after the acknowledged heartbeat', () => {
    const live = new LiveTotals()
    live.reset(0, 0, [])
    play(live, 0, 12_000)
    live.settle(0, 10_000, at(2, 10_000))
    expect(live.pendingMs()).toBe(11_500)
    expect(live.freshRanges).toEqual([{ from: 0, to: 12_000 }])
  })
})

describe('ranges', () => {
  it('unite, subtract and measure', () => {
    expect(union([{ from: 5, to: 9 }, { from: 0, to: 5 }, { from: 20, to: 21 }])).toEqual([{ from: 0, to: 9 }, { from: 20, to: 21 }])
    expect(subtract({ from: 0, to: 10 }, [{ from: 2, to: 4 }, { from: 9, to: 20 }])).toEqual([{ from: 0, to: 2 }, { from: 4, to: 9 }])
    expect(subtract({ from: 0, to: 10 }, [{ from: 20, to: 30 }])).toEqual([{ from: 0, to: 10 }])
    expect(measure([{ from: 0, to: 2 }, { from: 4, to: 9 }])).toBe(7)
  })
})
