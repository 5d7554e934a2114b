import { describe, expect, it } from 'vitest'
import { filing, outcomeRow, rate } from './face-figures'

describe('the figures of face verification', () => {
  it('cuts rates, and has none of nothing', () => {
    expect([rate(9_999, 10_000), rate(1, 3), rate(2, 2), rate(290, 1000), rate(0, 0)]).toEqual(['99.9%', '33.3%', '100.0%', '29.0%', '–'])
  })

  it('sums the outcomes of a purpose', () => {
    expect(outcomeRow({ purpose: 'login', passed: 3, failed: 1, mismatch: 0 })).toEqual({
      purpose: 'login',
      total: 4,
      cells: [
        { name: 'passed', count: 3, rate: '75.0%' },
        { name: 'failed', count: 1, rate: '25.0%' },
        { name: 'mismatch', count: 0, rate: '0.0%' },
      ],
    })
  })

  it('warns from 80 % of the threshold on', () => {
    expect([79_999, 80_000, 99_999, 100_000].map((stored) => filing(stored, 100_000))).toEqual(['calm', 'near', 'near', 'due'])
  })
})
