/** A server and a memory for tests: what the session said, and what the server answers when told to. */
import type { ClientMessage, Heartbeat, Opened, Sample, ServerMessage } from './messages'
import type { Clock, ClockRow, Connection, ConnectionEvents, Draft, HeartbeatStore, StoredClock, Transport } from './ports'
import { LearningSession, type SessionEvent } from './session'

/** Over vitest's fake timers; `sleep` lets the wall clock run alone. */
export class FakeClock implements Clock {
  private asleep = 0
  constructor(private readonly start = Date.now()) {}
  monotonicMs = (): number => Date.now() - this.start + 5_000
  wallMs = (): number => Date.now() + this.asleep
  after = (ms: number, task: () => void): (() => void) => {
    const timer = setTimeout(task, ms)
    return () => clearTimeout(timer)
  }
  sleep(ms: number): void {
    this.asleep += ms
  }
}

export class MemoryStore implements HeartbeatStore {
  readonly clocks = new Map<string, StoredClock>()

  async load(learnerId: string): Promise<StoredClock[]> {
    return structuredClone([...this.clocks.values()].filter((clock) => clock.learner_id === learnerId))
  }
  async startClock(row: ClockRow): Promise<void> {
    this.clocks.set(row.clock_id, { ...row, items: [], draft: null })
  }
  async add(clockId: string, item: Heartbeat): Promise<void> {
    const clock = this.clocks.get(clockId)
    if (!clock) return
    clock.items.push(item)
    clock.draft = null
  }
  async writeDraft(clockId: string, draft: Draft): Promise<void> {
    const clock = this.clocks.get(clockId)
    if (clock) clock.draft = draft
  }
  async acknowledged(clockId: string, seq: number): Promise<void> {
    const clock = this.clocks.get(clockId)
    if (!clock) return
    clock.acked_seq = Math.max(clock.acked_seq, seq)
    clock.items = clock.items.filter((item) => item.seq > seq)
  }
  async drop(clockId: string): Promise<void> {
    this.clocks.delete(clockId)
  }
}

/** Answers `open` and `resume`, acknowledges heartbeats without gaps, unless told otherwise. */
export class FakeServer implements Transport {
  online = true
  socketsBlocked = false
  acks = true
  readonly said: ClientMessage[] = []
  readonly kept = new Map<string, Heartbeat[]>()
  readonly made: ('webSocket' | 'http')[] = []
  private events: ConnectionEvents | null = null
  private epoch = 0
  private ended = new Set<string>()
  position = 0

  webSocket = (events: ConnectionEvents): Connection => this.connect('webSocket', events)
  http = (events: ConnectionEvents): Connection => this.connect('http', events)

  private connect(kind: 'webSocket' | 'http', events: ConnectionEvents): Connection {
    this.made.push(kind)
    const reachable = this.online && !(kind === 'webSocket' && this.socketsBlocked)
    queueMicrotask(() => {
      if (!reachable) {
        events.closed(1006)
        return
      }
      this.events = events
      events.open()
    })
    return {
      send: (messages) => {
        if (!this.online || this.events !== events) return
        for (const message of messages) {
          this.said.push(structuredClone(message))
          this.answer(message)
        }
      },
      close: () => {
        if (this.events === events) this.events = null
      },
    }
  }

  private answer(message: ClientMessage): void {
    if (message.type === 'open') {
      for (const clock of this.kept.keys()) this.ended.add(clock)
      this.kept.set(message.clock_id, [])
      this.epoch += 1
      this.tell(this.opened(message.clock_id))
    } else if (message.type === 'resume') {
      if (this.ended.has(message.clock_id)) {
        this.tell({ type: 'refused', clock_id: message.clock_id, code: 'clock_ended', title: '' })
      } else this.tell(this.opened(message.clock_id))
    } else if (message.type === 'heartbeats') {
      const kept = this.kept.get(message.clock_id)
      for (const item of message.items) if (kept && item.seq === kept.length + 1) kept.push(item)
      if (this.acks) this.ack(message.clock_id)
    }
  }

  ack(clockId: string, seq: number | null = this.kept.get(clockId)?.length ?? null): void {
    this.tell({ type: 'ack', clock_id: clockId, seq, verified_ms: 0, pending_ms: (seq ?? 0) * 1_000, today_ms: 0 })
  }

  /** Another device opens a lesson. */
  endClock(clockId: string): void {
    this.ended.add(clockId)
  }

  tell(message: ServerMessage): void {
    const { events } = this
    queueMicrotask(() => {
      if (this.events === events) events?.message(message)
    })
  }

  hangUp(code = 1006): void {
    const { events } = this
    this.events = null
    events?.closed(code)
  }

  goOffline(): void {
    this.online = false
    this.hangUp()
  }

  private opened(clockId: string): Opened {
    return {
      type: 'opened',
      session: 's',
      clock_id: clockId,
      epoch: this.epoch,
      last_seq: this.kept.get(clockId)?.length ?? 0,
      server_time: Date.now(),
      position_ms: this.position,
      furthest_ms: this.position,
      verified_ms: 0,
      pending_ms: 0,
      policy: {
        check_kind: 'presence',
        check_min_ms: 600_000,
        check_max_ms: 1_200_000,
        answer_within_s: 60,
        tries: 2,
        seek_ahead: false,
        max_rate: 1,
        cap_min: 480,
        minutes_per_hour: 45,
      },
    }
  }
}

/** A player whose film runs with the clock. */
export class FakePlayer {
  private at = 0
  private since = 0
  state: Sample['state'] = 'paused'
  constructor(private readonly clock: Clock) {}
  sample = (): Sample => ({ state: this.state, position_ms: this.position(), rate: 1 })
  position(): number {
    return this.at + (this.state === 'playing' ? this.clock.monotonicMs() - this.since : 0)
  }
  set(state: Sample['state']): void {
    this.at = this.position()
    this.since = this.clock.monotonicMs()
    this.state = state
  }
}

export interface Bench {
  clock: FakeClock
  server: FakeServer
  store: MemoryStore
  player: FakePlayer
  events: SessionEvent[]
  session: LearningSession
  play(): void
  pause(): void
}

let ids = 0

export function bench(given: Partial<Pick<Bench, 'clock' | 'server' | 'store'>> = {}): Bench {
  const clock = given.clock ?? new FakeClock()
  const server = given.server ?? new FakeServer()
  const store = given.store ?? new MemoryStore()
  const player = new FakePlayer(clock)
  const events: SessionEvent[] = []
  const session = new LearningSession({
    learnerId: 'learner',
    lesson: 'lesson',
    class: 'class',
    device: 'pc',
    deviceId: 'device',
    sample: player.sample,
    clock,
    store,
    transport: server,
    newId: () => `clock-${(ids += 1)}`,
    onEvent: (event) => events.push(event),
  })
  const to = (state: Sample['state']) => () => {
    player.set(state)
    session.change()
  }
  return { clock, server, store, player, events, session, play: to('playing'), pause: to('paused') }
}
