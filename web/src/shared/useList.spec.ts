import { effectScope } from 'vue'
import { flushPromises } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { useList, type List } from './useList'

describe('a list in parts', () => {
  it('adds a part when asked, says whether there is more, and begins anew', async () => {
    const asked: (string | null)[] = []
    const fetch = async (after: string | null) => {
      asked.push(after)
      return after === null ? { items: [1, 2], next: '2' } : { items: [3], next: null }
    }
    const list = effectScope().run(() => useList(fetch)) as List<number>
    await flushPromises()
    expect([list.items.value, list.more.value]).toEqual([[1, 2], true])
    await list.loadMore()
    expect([list.items.value, list.more.value]).toEqual([[1, 2, 3], false])
    await list.loadMore()
    await list.reload()
    expect([list.items.value, list.more.value]).toEqual([[1, 2], true])
    expect(asked).toEqual([null, '2', null])
  })

  it('keeps what is there when more cannot be fetched', async () => {
    const fetch = async (after: string | null) => {
      if (after !== null) throw new Error('away')
      return { items: [1], next: '1' }
    }
    const list = effectScope().run(() => useList(fetch)) as List<number>
    await flushPromises()
    await list.loadMore()
    expect([list.items.value, list.more.value, list.moreError.value?.code]).toEqual([[1], true, 'unreachable'])
  })
})
