import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ClientMessage, Heartbeat } from './messages'
import { bench, FakeClock, MemoryStore, FakeServer, type Bench } from './testing'

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

const seconds = (n: number): Promise<unknown> => vi.advanceTimersByTimeAsync(n * 1_000)

async function started(given: Parameters<typeof bench>[0] = {}): Promise<Bench> {
  const b = bench(given)
  await b.session.start()
  await seconds(0)
  return b
}

const said = <T extends ClientMessage['type']>(b: Bench, type: T): Extract<ClientMessage, { type: T }>[] =>
  b.server.said.filter((m): m is Extract<ClientMessage, { type: T }> => m.type === type)
const beats = (b: Bench): Heartbeat[] => [...b.server.kept.values()].flat()
const statuses = (b: Bench): string[] => b.events.flatMap((e) => (e.type === 'status' ? [e.status] : []))
const last = <T>(list: readonly T[]): T | undefined => list.at(-1)

describe('a session on a good network', () => {
  it('opens with the protocol, the class and a clock of its own', async () => {
    const b = await started()
    expect(said(b, 'open')).toMatchObject([{ protocol: 1, class: 'class', lesson: 'lesson', device: 'pc', client_ms: 5_000 }])
    expect(last(statuses(b))).toBe('live')
  })

  it('says every change at once and every ten seconds what goes on', async () => {
    const b = await started()
    b.play()
    await seconds(25)
    b.pause()
    await seconds(0)
    expect(beats(b).map((h) => [h.seq, h.state, h.position_ms])).toEqual([
      [1, 'playing', 0],
      [2, 'playing', 10_000],
      [3, 'playing', 20_000],
      [4, 'paused', 25_000],
    ])
  })

  it('counts a start from when it was, not from when one heard of it', async () => {
    const b = await started()
    await seconds(3)
    b.session.change({ state: 'playing', position_ms: 400, rate: 1 }, 250)
    await seconds(0)
    expect(last(beats(b))).toMatchObject({ state: 'playing', position_ms: 400, client_ms: 7_750 })
  })

  it('numbers from one without a gap', async () => {
    const b = await started()
    for (let i = 0; i < 20; i += 1) {
      b.play()
      await seconds(1.5)
      b.pause()
      await seconds(0.5)
    }
    expect(beats(b).map((h) => h.seq)).toEqual(beats(b).map((_, i) => i + 1))
  })

  it('keeps nothing that was acknowledged', async () => {
    const b = await started()
    b.play()
    await seconds(60)
    expect([...b.store.clocks.values()].flatMap((c) => c.items)).toEqual([])
  })

  it('tells the totals of an acknowledgement with the heartbeat they hold for', async () => {
    const b = await started()
    b.play()
    await seconds(10)
    const totals = b.events.filter((e) => e.type === 'totals')
    expect(last(totals)).toMatchObject({ pending_ms: 2_000, through: { seq: 2, position_ms: 10_000 } })
  })

  it('takes no notice of an acknowledgement that goes back or comes twice', async () => {
    const b = await started()
    b.play()
    await seconds(20)
    const before = b.events.filter((e) => e.type === 'totals').length
    const clock = said(b, 'open')[0]?.clock_id ?? ''
    b.server.ack(clock, 1)
    b.server.ack(clock, 3)
    await seconds(0)
    expect(b.events.filter((e) => e.type === 'totals').length).toBe(before)
  })
})

describe('without a network', () => {
  it('keeps an offline minute, counts it, and sends it all after a resume', async () => {
    const b = await started()
    b.play()
    await seconds(20)
    b.server.goOffline()
    await seconds(60)
    expect(last(statuses(b))).toBe('offline')
    const stored = b.events.flatMap((e) => (e.type === 'stored' ? [e.unsent_ms] : []))
    expect(last(stored)).toBeGreaterThan(59_000)
    expect([...b.store.clocks.values()].flatMap((c) => c.items).length).toBe(6)

    b.server.online = true
    await seconds(15)
    expect(said(b, 'resume')).toHaveLength(1)
    expect(said(b, 'open')).toHaveLength(1)
    expect(beats(b).map((h) => h.seq)).toEqual(beats(b).map((_, i) => i + 1))
    const back = b.events.find((e) => e.type === 'back_online')
    expect(back?.stored_ms).toBeGreaterThan(60_000)
    expect(back?.over_limit_ms).toBe(0)
    expect(last(b.events.flatMap((e) => (e.type === 'stored' ? [e.unsent_ms] : [])))).toBe(0)
  })

  it('says how much lies beyond the ten minutes', async () => {
    const b = await started()
    b.play()
    b.server.goOffline()
    await seconds(14 * 60)
    b.server.online = true
    b.session.networkIsBack()
    await seconds(16)
    const back = b.events.find((e) => e.type === 'back_online')
    expect(back?.over_limit_ms).toBeGreaterThan(200_000)
    expect(back?.over_limit_ms).toBeLessThan(240_000)
  })

  it('writes nothing more while it idles offline', async () => {
    const b = await started()
    b.server.goOffline()
    await seconds(600)
    expect([...b.store.clocks.values()].flatMap((c) => c.items)).toEqual([])
  })

  it('goes by HTTP after two refused upgrades', async () => {
    const server = new FakeServer()
    server.socketsBlocked = true
    const b = await started({ server })
    await seconds(5)
    expect(server.made).toEqual(['webSocket', 'webSocket', 'http'])
    expect(last(statuses(b))).toBe('live')
    expect(statuses(b)).not.toContain('offline')
  })

  it('does not settle on HTTP just because it was offline', async () => {
    const server = new FakeServer()
    server.online = false
    await started({ server })
    await seconds(20)
    expect(server.made.slice(0, 5)).toEqual(['webSocket', 'webSocket', 'http', 'webSocket', 'http'])
  })

  it('leaves a connection that has gone silent', async () => {
    const b = await started()
    b.server.acks = false
    b.play()
    await seconds(25)
    expect(said(b, 'resume').length).toBeGreaterThan(0)
  })

  it('comes back when the server said that it restarts', async () => {
    const b = await started()
    b.server.tell({ type: 'restarting', retry_after_ms: 5_000 })
    await seconds(4)
    expect(b.server.made).toHaveLength(1)
    await seconds(2)
    expect(b.server.made).toHaveLength(2)
    expect(last(statuses(b))).toBe('live')
  })
})

describe('after a reload', () => {
  it('sends the old clock with its draft as the last heartbeat, after the new open', async () => {
    const server = new FakeServer()
    const store = new MemoryStore()
    const clock = new FakeClock()
    const a = await started({ server, store, clock })
    a.play()
    await seconds(20)
    server.goOffline()
    await seconds(17)
    // The page is gone: nothing of it runs any more.
    vi.clearAllTimers()
    server.online = true
    const b = await started({ server, store, clock: new FakeClock(Date.now()) })
    await seconds(1)
    const [first, second] = said(b, 'open').map((m) => m.clock_id)
    expect(first).not.toBe(second)
    expect(server.kept.get(first ?? '')?.map((h) => [h.seq, h.position_ms])).toEqual([
      [1, 0],
      [2, 10_000],
      [3, 20_000],
      [4, 30_000],
      [5, 37_000],
    ])
    const opening = server.said.findLastIndex((m) => m.type === 'open')
    expect(server.said[opening + 1]).toMatchObject({ type: 'heartbeats', clock_id: first })
    expect([...store.clocks.keys()]).toEqual([second])
  })

  it('leaves the heartbeats of another learner alone', async () => {
    const store = new MemoryStore()
    await store.startClock({ clock_id: 'foreign', learner_id: 'somebody', lesson: 'l', class: null, acked_seq: 0 })
    await store.add('foreign', { seq: 1, state: 'playing', position_ms: 0, rate: 1, client_ms: 1 })
    const b = await started({ store })
    await seconds(2)
    expect(said(b, 'heartbeats').some((m) => m.clock_id === 'foreign')).toBe(false)
    expect(store.clocks.has('foreign')).toBe(true)
  })

  it('drops the buffer of a clock that the server does not know', async () => {
    const store = new MemoryStore()
    await store.startClock({ clock_id: 'old', learner_id: 'learner', lesson: 'l', class: null, acked_seq: 0 })
    await store.add('old', { seq: 1, state: 'playing', position_ms: 0, rate: 1, client_ms: 1 })
    const b = await started({ store })
    await seconds(1)
    expect(said(b, 'heartbeats').some((m) => m.clock_id === 'old')).toBe(true)
    expect(store.clocks.has('old')).toBe(false)
  })

  it('splits a long backlog into messages of two hundred', async () => {
    const store = new MemoryStore()
    await store.startClock({ clock_id: 'old', learner_id: 'learner', lesson: 'l', class: null, acked_seq: 0 })
    for (let seq = 1; seq <= 450; seq += 1) {
      await store.add('old', { seq, state: 'playing', position_ms: seq, rate: 1, client_ms: seq })
    }
    const b = await started({ store })
    const sizes = said(b, 'heartbeats').filter((m) => m.clock_id === 'old').map((m) => m.items.length)
    expect(sizes).toEqual([200, 200, 50])
  })

  it('learns on where nothing can be stored', async () => {
    const store = new MemoryStore()
    store.load = () => Promise.reject(new Error('forbidden'))
    store.add = () => Promise.reject(new Error('full'))
    const b = await started({ store })
    b.play()
    await seconds(20)
    expect(beats(b)).toHaveLength(3)
  })
})

describe('when another device goes on', () => {
  it('stops, keeps the last seconds, and takes nothing back by itself', async () => {
    const b = await started()
    b.play()
    await seconds(15)
    b.server.tell({ type: 'taken_over', device: 'phone', at: 123 })
    await seconds(0)
    b.server.hangUp(4409)
    await seconds(60)
    expect(last(statuses(b))).toBe('taken_over')
    expect(b.events.filter((e) => e.type === 'taken_over')).toEqual([{ type: 'taken_over', device: 'phone', at: 123 }])
    expect(b.server.made).toHaveLength(1)
    expect([...b.store.clocks.values()].flatMap((c) => c.items).map((h) => h.position_ms)).toEqual([15_000])
  })

  it('understands the close code alone', async () => {
    const b = await started()
    b.server.hangUp(4409)
    await seconds(5)
    expect(last(statuses(b))).toBe('taken_over')
    expect(b.server.made).toHaveLength(1)
  })

  it('takes it back under a new clock and sends what the old one still owes', async () => {
    const b = await started()
    b.play()
    await seconds(15)
    b.server.tell({ type: 'taken_over', device: 'phone', at: 123 })
    await seconds(3)
    b.player.set('paused')
    b.session.takeBack()
    await seconds(1)
    expect(last(statuses(b))).toBe('live')
    const [first, second] = said(b, 'open').map((m) => m.clock_id)
    expect(second).not.toBe(first)
    expect(b.server.kept.get(first ?? '')?.at(-1)).toMatchObject({ seq: 3, position_ms: 15_000 })
  })

  it('opens anew when its clock was ended during a lost network and the film plays here', async () => {
    const b = await started()
    b.play()
    await seconds(5)
    const clock = said(b, 'open')[0]?.clock_id ?? ''
    b.server.goOffline()
    b.server.endClock(clock)
    b.server.online = true
    await seconds(3)
    expect(said(b, 'open')).toHaveLength(2)
    expect(last(statuses(b))).toBe('live')
  })

  it('does not steal it back while nothing plays here, only at the next play', async () => {
    const b = await started()
    const clock = said(b, 'open')[0]?.clock_id ?? ''
    b.server.goOffline()
    b.server.endClock(clock)
    b.server.online = true
    await seconds(30)
    expect(said(b, 'open')).toHaveLength(1)
    expect(last(statuses(b))).toBe('idle')
    b.play()
    await seconds(1)
    expect(said(b, 'open')).toHaveLength(2)
    expect(last(statuses(b))).toBe('live')
  })

  it('says that an older session stays, and tries again when asked', async () => {
    const b = await started()
    b.server.tell({ type: 'refused', clock_id: said(b, 'open')[0]?.clock_id ?? '', code: 'older_stays', title: '' })
    await seconds(1)
    expect(last(statuses(b))).toBe('refused')
    b.session.takeBack()
    await seconds(1)
    expect(last(statuses(b))).toBe('live')
  })
})

describe('sleep', () => {
  it('closes the clock with what went on before and opens another', async () => {
    const b = await started()
    b.play()
    await seconds(14)
    b.clock.sleep(3_600_000)
    await seconds(2)
    expect(b.events.some((e) => e.type === 'slept')).toBe(true)
    const [first, second] = said(b, 'open').map((m) => m.clock_id)
    expect(said(b, 'close').map((m) => m.clock_id)).toEqual([first])
    expect(b.server.kept.get(first ?? '')?.at(-1)).toMatchObject({ seq: 3, state: 'playing', position_ms: 14_000 })
    expect(b.server.kept.get(second ?? '')?.[0]).toMatchObject({ seq: 1, state: 'playing' })
  })

  it('does not take a small correction of the wall clock for sleep', async () => {
    const b = await started()
    b.play()
    await seconds(5)
    b.clock.sleep(1_500)
    await seconds(5)
    expect(said(b, 'open')).toHaveLength(1)
  })
})

describe('checks', () => {
  const challenge = {
    type: 'challenge',
    id: 'c',
    kind: 'presence',
    closing: false,
    round: 1,
    attempt: 1,
    tries: 2,
    prompt: { ask: '7', options: ['3', '7', '9'] },
    pending_ms: 410_000,
    answer_within_ms: 60_000,
  } as const

  it('passes the question on and the answer back', async () => {
    const b = await started()
    b.server.tell({ ...challenge, prompt: { ask: '7', options: ['3', '7', '9'] } })
    await seconds(0)
    b.session.answer('c', '7')
    expect(b.events.some((e) => e.type === 'challenge')).toBe(true)
    expect(said(b, 'challenge_answer')).toEqual([{ type: 'challenge_answer', id: 'c', answer: '7' }])
  })

  it('asks for another way than the face, and shows what comes instead', async () => {
    const b = await started()
    b.server.tell({ ...challenge, kind: 'face_action', prompt: { ask: '', options: [], actions: ['blink'], nonce: 'n' } })
    await seconds(0)
    b.session.otherWay('c')
    b.server.tell({ ...challenge, kind: 'sms', prompt: { ask: '', options: [] } })
    await seconds(0)
    expect(said(b, 'other_way')).toEqual([{ type: 'other_way', id: 'c' }])
    expect(b.events.flatMap((e) => (e.type === 'challenge' ? [e.challenge.kind] : []))).toEqual(['face_action', 'sms'])
  })

  it('opens again after the check that a lesson begins with', async () => {
    const b = await started()
    b.server.tell({ type: 'refused', clock_id: said(b, 'open')[0]?.clock_id ?? '', code: 'face_check_needed', title: '' })
    await seconds(1)
    expect(b.events.find((e) => e.type === 'refused')).toMatchObject({ code: 'face_check_needed' })
    b.session.takeBack()
    await seconds(1)
    expect(said(b, 'open')).toHaveLength(2)
    expect(last(statuses(b))).toBe('live')
  })

  it('takes the question away when the network goes', async () => {
    const b = await started()
    b.server.tell({ ...challenge, prompt: { ask: '7', options: ['3', '7', '9'] } })
    await seconds(0)
    b.server.goOffline()
    expect(b.events.some((e) => e.type === 'challenge_lost')).toBe(true)
  })
})

describe('the end', () => {
  it('sends the last state and closes the clock before the page is gone', async () => {
    const b = await started()
    b.play()
    await seconds(4)
    b.session.close()
    expect(b.server.said.slice(-2)).toMatchObject([
      { type: 'heartbeats', items: [{ state: 'paused', position_ms: 4_000 }] },
      { type: 'close' },
    ])
    await seconds(5)
    expect(b.store.clocks.size).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('stops when the server ends the session', async () => {
    const b = await started()
    b.server.tell({ type: 'end', reason: 'logged_out' })
    await seconds(60)
    expect(last(statuses(b))).toBe('ended')
    expect(b.server.made).toHaveLength(1)
  })

  it('begins again when the server has forgotten the clock', async () => {
    const b = await started()
    b.play()
    await seconds(2)
    b.server.ack(said(b, 'open')[0]?.clock_id ?? '', null)
    await seconds(12)
    expect(said(b, 'open')).toHaveLength(2)
    expect(last(statuses(b))).toBe('live')
    expect(beats(b).length).toBeGreaterThan(0)
  })
})
