import { describe, expect, it } from 'vitest'
import { everyPage } from './every-page'

describe('every page of a list', () => {
  it('goes on from where the last ended', async () => {
    const pages: Record<string, { items: string[]; next: string | null }> = { '': { items: ['a', 'b'], next: 'b' }, b: { items: ['c'], next: null } }
    expect(await everyPage(async (after) => pages[after ?? ''] ?? { items: [], next: null })).toEqual(['a', 'b', 'c'])
  })

  it('ends, whatever the server says', async () => {
    expect(await everyPage(async (after) => ({ items: [after], next: 'on' }))).toHaveLength(20)
  })
})
