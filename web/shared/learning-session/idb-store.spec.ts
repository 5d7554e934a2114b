import 'fake-indexeddb/auto'
import { describe, expect, it } from 'vitest'
import { IdbHeartbeatStore } from './idb-store'
import type { Heartbeat } from './messages'

const item = (seq: number): Heartbeat => ({ seq, state: 'playing', position_ms: seq * 1_000, rate: 1, client_ms: seq * 1_000 })
const draft = { state: 'playing', position_ms: 2_500, rate: 1, client_ms: 2_500 } as const

describe('heartbeats in IndexedDB', () => {
  it('survive a new page, with the draft, for their own learner', async () => {
    const store = new IdbHeartbeatStore('survive')
    await store.startClock({ clock_id: 'a', learner_id: 'ana', lesson: 'l', class: null, acked_seq: 0 })
    await store.startClock({ clock_id: 'b', learner_id: 'bao', lesson: 'l', class: null, acked_seq: 0 })
    await store.add('a', item(1))
    await store.add('b', item(1))
    await store.add('a', item(2))
    await store.writeDraft('a', draft)
    const [clock, ...rest] = await new IdbHeartbeatStore('survive').load('ana')
    expect(rest).toEqual([])
    expect(clock?.items).toEqual([item(1), item(2)])
    expect(clock?.draft).toEqual(draft)
  })

  it('forget what was acknowledged, remember its number, and forget a dropped clock', async () => {
    const store = new IdbHeartbeatStore('forget')
    await store.startClock({ clock_id: 'a', learner_id: 'ana', lesson: 'l', class: null, acked_seq: 0 })
    for (const seq of [1, 2, 3]) await store.add('a', item(seq))
    await store.acknowledged('a', 2)
    expect(await store.load('ana')).toMatchObject([{ acked_seq: 2, items: [{ seq: 3 }] }])
    await store.drop('a')
    expect(await store.load('ana')).toEqual([])
  })

  it('replace the draft by the numbered heartbeat', async () => {
    const store = new IdbHeartbeatStore('draft')
    await store.startClock({ clock_id: 'a', learner_id: 'ana', lesson: 'l', class: null, acked_seq: 0 })
    await store.writeDraft('a', draft)
    await store.add('a', item(1))
    expect((await store.load('ana'))[0]?.draft).toBeNull()
  })
})
