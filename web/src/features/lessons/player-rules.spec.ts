import { describe, expect, it } from 'vitest'
import { countedMinutes, nextRate, playerKey, rates, rateText, seekTo, takesKey } from './player-rules'

describe('jumping', () => {
  it('goes back freely and ahead only to what was watched', () => {
    expect(seekTo(5_000, 60_000, 30_000, false)).toEqual({ to_ms: 5_000, held: false })
    expect(seekTo(50_000, 60_000, 30_000, false)).toEqual({ to_ms: 30_000, held: true })
    expect(seekTo(30_400, 60_000, 30_000, false)).toEqual({ to_ms: 30_000, held: false })
    expect(seekTo(-4, 60_000, 30_000, false).to_ms).toBe(0)
  })

  it('goes anywhere where the class allows it', () => {
    expect(seekTo(50_000, 60_000, 0, true)).toEqual({ to_ms: 50_000, held: false })
    expect(seekTo(90_000, 60_000, 0, true)).toEqual({ to_ms: 60_000, held: false })
  })
})

describe('rates', () => {
  it('end at the highest allowed and go round', () => {
    expect(rates(1)).toEqual([1])
    expect(rates(1.5)).toEqual([1, 1.25, 1.5])
    expect(nextRate(1.5, 1.5)).toBe(1)
    expect([1, 1.25, 1.5].map(rateText)).toEqual(['1.0', '1.25', '1.5'])
    expect(countedMinutes(1.5)).toEqual({ watched: 3, counted: 2 })
  })
})

describe('keys', () => {
  it('mean one thing each, unless something else takes them', () => {
    expect(playerKey({ key: ' ', modified: false, taken: false })).toBe('toggle')
    expect(playerKey({ key: 'F', modified: false, taken: false })).toBe('fullscreen')
    expect(playerKey({ key: 'f', modified: true, taken: false })).toBeNull()
    expect(playerKey({ key: ' ', modified: false, taken: true })).toBeNull()
  })

  it('stay with fields and sliders, and Space with buttons', () => {
    document.body.innerHTML = '<button id="b">b</button><input id="i" type="range" />'
    const at = (id: string): Element | null => document.getElementById(id)
    expect(takesKey(at('b'), ' ')).toBe(true)
    expect(takesKey(at('b'), 'ArrowLeft')).toBe(false)
    expect(takesKey(at('i'), 'ArrowLeft')).toBe(true)
    expect(takesKey(document.body, ' ')).toBe(false)
  })
})
