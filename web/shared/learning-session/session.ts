/** One learner watching one lesson: numbers and keeps the heartbeats, survives lost networks, sleep and take-over.
 *  It decides nothing about hours; the server does. */
import { ClockBuffer, playedMs } from './clock-buffer'
import { Link } from './link'
import type {
  Challenge,
  ClientMessage,
  DeviceKind,
  EndReason,
  Heartbeat,
  Opened,
  RefusalCode,
  Sample,
  ServerMessage,
  Verdict,
  VoidInterval,
} from './messages'
import type { Clock, Draft, HeartbeatStore, StoredClock, Transport } from './ports'

const HEARTBEAT_MS = 10_000
const TICK_MS = 1_000
const SLEPT_MS = 2_000
/** Without an answer for so long the connection is dead, whatever the browser believes. */
const SILENCE_MS = 20_000
const MOST_ITEMS = 200
const FLUSH_MS = 2_000
/** What the server accepts late: 10 minutes at a stretch, late being what comes over 30 s after its time. */
const LATE_LIMIT_MS = 600_000
const LATE_FROM_MS = 30_000
const TAKEN_OVER_CODE = 4409

/** `idle` waits for the next play: the clock was ended elsewhere while nothing was playing here. */
export type SessionStatus =
  | 'connecting'
  | 'live'
  | 'offline'
  | 'idle'
  | 'taken_over'
  | 'refused'
  | 'ended'
  | 'closed'

export interface Totals {
  verified_ms: number
  pending_ms: number
  /** Null where the message does not say. */
  today_ms: number | null
  /** The heartbeat up to which these totals hold; null when they come from a check. */
  through: Heartbeat | null
}

export type SessionEvent =
  | { type: 'status'; status: SessionStatus }
  | { type: 'opened'; opened: Opened }
  | ({ type: 'totals' } & Totals)
  | { type: 'stored'; unsent_ms: number }
  | { type: 'back_online'; stored_ms: number; over_limit_ms: number }
  | { type: 'go_back'; position_ms: number; reason: string }
  | { type: 'challenge'; challenge: Challenge }
  | { type: 'challenge_lost' }
  | { type: 'verdict'; verdict: Verdict }
  | { type: 'void'; reason: string; intervals: VoidInterval[] }
  | { type: 'day_full'; cap_min: number }
  | { type: 'taken_over'; device: DeviceKind | null; at: number | null }
  | { type: 'refused'; code: RefusalCode; title: string }
  | { type: 'ended'; reason: EndReason }
  | { type: 'restarting'; retry_after_ms: number }
  | { type: 'slept' }

export interface SessionOptions {
  learnerId: string
  lesson: string
  /** Absent: free study, under the platform's own policy. */
  class?: string
  device: DeviceKind
  deviceId: string
  /** What the player does now. */
  sample: () => Sample
  clock: Clock
  store: HeartbeatStore
  transport: Transport
  newId: () => string
  onEvent: (event: SessionEvent) => void
}

interface Backlog {
  clockId: string
  lesson: string
  class: string | null
  items: Heartbeat[]
}

export class LearningSession {
  private readonly link: Link
  private buffer: ClockBuffer
  private epoch: number | null = null
  private backlog: Backlog[] = []
  private status: SessionStatus = 'connecting'
  private challenge: Challenge | null = null
  private upload: { seq: number; clockId: string; stored_ms: number; over_limit_ms: number } | null = null
  private cancelTick: (() => void) | null = null
  /** Wall minus monotonic clock; moves when the machine slept. */
  private offset = 0
  /** Since when an answer of the server is due. */
  private awaitingSince: number | null = null
  private writes: Promise<void> = Promise.resolve()
  private shownUnsent = 0

  constructor(private readonly options: SessionOptions) {
    this.buffer = new ClockBuffer(options.newId())
    this.link = new Link(options.transport, options.clock, {
      up: () => this.onUp(),
      down: (code) => this.onDown(code),
      message: (message) => this.onMessage(message),
    })
  }

  async start(): Promise<void> {
    const { store, learnerId } = this.options
    // A browser that keeps nothing still learns; it only loses what a reload would have saved.
    const stored = await store.load(learnerId).catch(() => [])
    this.takeUpBacklog(stored)
    this.persist(this.startClockRow())
    this.offset = this.currentOffset()
    this.setStatus('connecting')
    this.link.start()
    this.scheduleTick()
  }

  /** The player changed its state, position or rate: `sample` holds from now on, or since a moment ago. */
  change(sample: Sample = this.options.sample(), agoMs = 0): void {
    if (this.status === 'idle') {
      if (sample.state !== 'playing') return
      this.reopen()
    }
    if (this.isOver()) return
    this.checkSleep()
    const last = this.buffer.last
    const now = this.now() - agoMs
    const same =
      last !== null &&
      last.state === sample.state &&
      last.rate === sample.rate &&
      last.position_ms === Math.max(0, Math.round(sample.position_ms)) &&
      now - last.client_ms < TICK_MS
    if (!same) this.record(sample, now)
  }

  answer(id: string, option: string): void {
    this.send([{ type: 'challenge_answer', id, answer: option }])
  }

  /** Instead of the face, another way to answer the check on screen; it comes again as a check of that kind. */
  otherWay(id: string): void {
    this.send([{ type: 'other_way', id }])
  }

  /** After a take-over or a refusal: learns on here, under a new clock. */
  takeBack(): void {
    if (this.status !== 'taken_over' && this.status !== 'refused' && this.status !== 'idle') return
    this.reopen()
  }

  /** The browser says that the network is back. */
  networkIsBack(): void {
    this.link.retryNow()
  }

  /** The learner leaves the lesson. Safe to call while the page goes away: everything is sent before it returns. */
  close(): void {
    if (this.isOver()) {
      this.stop('closed')
      return
    }
    const sample = this.options.sample()
    this.record({ ...sample, state: sample.state === 'playing' ? 'paused' : sample.state }, this.now())
    this.send([{ type: 'close', clock_id: this.buffer.clockId }])
    this.cancelTick?.()
    this.setStatus('closed')
    // Time for the last acknowledgement, which spares sending all of it again next time.
    this.options.clock.after(FLUSH_MS, () => this.link.stop())
  }

  private isOver(): boolean {
    return this.status === 'taken_over' || this.status === 'refused' || this.status === 'ended' || this.status === 'closed'
  }

  private reopen(): void {
    this.endClock()
    this.newClock()
    this.offset = this.currentOffset()
    this.setStatus('connecting')
    this.link.start()
    if (this.link.isUp) this.sendOpen()
    this.scheduleTick()
  }

  private newClock(): void {
    this.buffer = new ClockBuffer(this.options.newId())
    this.epoch = null
    this.persist(this.startClockRow())
    const sample = this.options.sample()
    if (sample.state === 'playing') this.record(sample, this.now())
  }

  private startClockRow(): () => Promise<void> {
    const { store, learnerId, lesson } = this.options
    const row = {
      clock_id: this.buffer.clockId,
      learner_id: learnerId,
      lesson,
      class: this.options.class ?? null,
      acked_seq: 0,
    }
    return () => store.startClock(row)
  }

  /** Moves what the current clock still owes to the backlog. */
  private endClock(): void {
    const { clockId, unacked } = this.buffer
    if (unacked.length === 0) {
      this.persist(() => this.options.store.drop(clockId))
      return
    }
    this.backlog.push({ clockId, lesson: this.options.lesson, class: this.options.class ?? null, items: [...unacked] })
  }

  private takeUpBacklog(stored: StoredClock[]): void {
    for (const clock of stored) {
      const items = [...clock.items].sort((a, b) => a.seq - b.seq)
      if (clock.draft) {
        const seq = (items.at(-1)?.seq ?? clock.acked_seq) + 1
        const { state, position_ms, rate, client_ms } = clock.draft
        const last: Heartbeat = { seq, state, position_ms, rate, client_ms }
        items.push(last)
        this.persist(() => this.options.store.add(clock.clock_id, last))
      }
      if (items.length === 0) this.persist(() => this.options.store.drop(clock.clock_id))
      else this.backlog.push({ clockId: clock.clock_id, lesson: clock.lesson, class: clock.class, items })
    }
  }

  private record(sample: Sample, clientMs: number): void {
    const item = this.buffer.add(sample, clientMs)
    const { clockId } = this.buffer
    this.persist(() => this.options.store.add(clockId, item))
    // Before its open is answered the server knows nothing of a clock.
    if (this.status === 'live' && this.epoch !== null) {
      this.send([{ type: 'heartbeats', clock_id: clockId, items: [item] }])
    }
  }

  private tick(): void {
    this.checkSleep()
    const sample = this.options.sample()
    const now = this.now()
    const last = this.buffer.last
    if (now - (last?.client_ms ?? Number.NEGATIVE_INFINITY) >= HEARTBEAT_MS) {
      if (this.status === 'live' || sample.state === 'playing' || last?.state === 'playing') this.record(sample, now)
    } else {
      this.writeDraft(sample, now)
    }
    this.checkSilence(now)
    if (this.status === 'offline' || this.shownUnsent > 0) this.tellStored()
    this.scheduleTick()
  }

  private writeDraft(sample: Sample, now: number): void {
    const idle = sample.state !== 'playing' && this.buffer.last?.state === sample.state
    if (idle) return
    const draft: Draft = {
      state: sample.state,
      position_ms: Math.max(0, Math.round(sample.position_ms)),
      rate: sample.rate,
      client_ms: Math.round(now),
    }
    this.buffer.draft = draft
    const { clockId } = this.buffer
    this.persist(() => this.options.store.writeDraft(clockId, draft))
  }

  private checkSleep(): void {
    const offset = this.currentOffset()
    const slept = Math.abs(offset - this.offset) > SLEPT_MS
    this.offset = offset
    if (!slept || this.isOver() || this.status === 'idle') return
    // What was going on just before; the time asleep belongs to nobody.
    const before = this.buffer.draft
    if (before) this.record(before, before.client_ms)
    this.send([{ type: 'close', clock_id: this.buffer.clockId }])
    this.endClock()
    this.newClock()
    if (this.link.isUp) this.sendOpen()
    this.options.onEvent({ type: 'slept' })
  }

  private checkSilence(now: number): void {
    if (this.awaitingSince !== null && this.link.isUp && now - this.awaitingSince > SILENCE_MS) {
      this.awaitingSince = null
      this.link.renew()
    }
  }

  private tellStored(): void {
    const unsent = this.status === 'offline' ? this.unsentMs() : 0
    this.shownUnsent = unsent
    this.options.onEvent({ type: 'stored', unsent_ms: unsent })
  }

  private unsentMs(): number {
    const now: Draft = { ...this.options.sample(), client_ms: this.now() }
    const older = this.backlog.reduce((sum, clock) => sum + playedMs(clock.items), 0)
    return older + this.buffer.unsentMs(now)
  }

  private onUp(): void {
    if (this.status === 'closed') return
    if (this.epoch === null) this.sendOpen()
    else {
      this.awaitingSince = this.now()
      this.link.send([{ type: 'resume', protocol: 1, clock_id: this.buffer.clockId, epoch: this.epoch }])
    }
  }

  private sendOpen(): void {
    const { lesson, device, deviceId } = this.options
    this.awaitingSince = this.now()
    this.link.send([
      {
        type: 'open',
        protocol: 1,
        device_id: deviceId,
        device,
        ...(this.options.class === undefined ? {} : { class: this.options.class }),
        lesson,
        clock_id: this.buffer.clockId,
        client_ms: Math.round(this.now()),
      },
    ])
  }

  private onDown(code: number): void {
    this.awaitingSince = null
    if (this.isOver()) return
    if (code === TAKEN_OVER_CODE) {
      this.onTakenOver(null, null)
      return
    }
    if (this.challenge) {
      this.challenge = null
      this.options.onEvent({ type: 'challenge_lost' })
    }
    this.setStatus('offline')
    this.tellStored()
  }

  private onMessage(message: ServerMessage): void {
    switch (message.type) {
      case 'opened':
        this.onOpened(message)
        break
      case 'refused':
        if (message.clock_id === this.buffer.clockId) this.onRefused(message.code, message.title)
        break
      case 'ack':
        this.onAck(message)
        break
      case 'go_back':
        if (message.clock_id === this.buffer.clockId) {
          this.options.onEvent({ type: 'go_back', position_ms: message.position_ms, reason: message.reason })
        }
        break
      case 'challenge':
        this.challenge = message
        this.options.onEvent({ type: 'challenge', challenge: message })
        break
      case 'verdict':
        if (message.result !== 'try_again' && message.result !== 'repeat_later') this.challenge = null
        this.options.onEvent({ type: 'verdict', verdict: message })
        break
      case 'void':
        this.options.onEvent({ type: 'void', reason: message.reason, intervals: message.intervals })
        break
      case 'day_full':
        this.options.onEvent({ type: 'day_full', cap_min: message.cap_min })
        break
      case 'taken_over':
        this.onTakenOver(message.device, message.at)
        break
      case 'end':
        if (this.isOver()) break
        this.stop('ended')
        this.options.onEvent({ type: 'ended', reason: message.reason })
        break
      case 'restarting':
        if (this.isOver()) break
        this.options.onEvent({ type: 'restarting', retry_after_ms: message.retry_after_ms })
        this.link.renew(message.retry_after_ms)
        break
    }
  }

  private onOpened(opened: Opened): void {
    if (opened.clock_id !== this.buffer.clockId || this.isOver()) return
    const wasOffline = this.status === 'offline'
    this.epoch = opened.epoch
    this.awaitingSince = null
    this.acknowledgeCurrent(opened.last_seq)
    const stored = this.unsentMs()
    if (wasOffline && stored > 0) {
      this.record(this.options.sample(), this.now())
      const late = Math.max(0, stored - LATE_FROM_MS)
      this.upload = {
        seq: this.buffer.last?.seq ?? 0,
        clockId: this.buffer.clockId,
        stored_ms: stored,
        over_limit_ms: Math.max(0, late - LATE_LIMIT_MS),
      }
    }
    for (const clock of this.backlog) this.sendItems(clock.clockId, clock.items)
    this.sendItems(this.buffer.clockId, this.buffer.unacked)
    this.setStatus('live')
    if (this.shownUnsent > 0) this.tellStored()
    this.options.onEvent({ type: 'opened', opened })
  }

  private onRefused(code: RefusalCode, title: string): void {
    this.awaitingSince = null
    switch (code) {
      case 'drift':
        this.link.renew()
        break
      case 'clock_used':
        this.endClock()
        this.newClock()
        this.sendOpen()
        break
      case 'clock_ended':
        this.onClockEnded()
        break
      default:
        this.stop('refused')
        this.options.onEvent({ type: 'refused', code, title })
    }
  }

  /** Another device opened a lesson meanwhile. Whoever plays here goes on here; an idle page does not steal it back. */
  private onClockEnded(): void {
    if (this.options.sample().state === 'playing') {
      this.endClock()
      this.newClock()
      this.sendOpen()
    } else {
      this.link.stop()
      this.cancelTick?.()
      this.setStatus('idle')
    }
  }

  private onTakenOver(device: DeviceKind | null, at: number | null): void {
    if (this.isOver()) return
    // Counts up to the take-over; it is sent with the backlog of the next opening.
    this.record(this.options.sample(), this.now())
    this.stop('taken_over')
    this.options.onEvent({ type: 'taken_over', device, at })
  }

  private onAck(ack: Extract<ServerMessage, { type: 'ack' }>): void {
    this.awaitingSince = null
    const totals = { verified_ms: ack.verified_ms, pending_ms: ack.pending_ms, today_ms: ack.today_ms }
    if (ack.clock_id === this.buffer.clockId) {
      if (ack.seq === null) {
        this.onUnknownClock()
        return
      }
      const through = this.acknowledgeCurrent(ack.seq)
      if (through) this.options.onEvent({ type: 'totals', ...totals, through })
      this.awaitAcks()
      return
    }
    const old = this.backlog.find((clock) => clock.clockId === ack.clock_id)
    if (!old) return
    const { store } = this.options
    const { seq } = ack
    old.items = seq === null ? [] : old.items.filter((item) => item.seq > seq)
    if (old.items.length === 0) {
      this.backlog = this.backlog.filter((clock) => clock !== old)
      this.persist(() => store.drop(old.clockId))
    } else if (seq !== null) this.persist(() => store.acknowledged(old.clockId, seq))
    const here = old.lesson === this.options.lesson && old.class === (this.options.class ?? null)
    if (seq !== null && here) this.options.onEvent({ type: 'totals', ...totals, through: null })
    this.awaitAcks()
  }

  private acknowledgeCurrent(seq: number): Heartbeat | null {
    const through = this.buffer.acknowledge(seq)
    if (!through) return null
    const { clockId } = this.buffer
    if (this.status === 'closed' && this.buffer.unacked.length === 0) {
      this.persist(() => this.options.store.drop(clockId))
    } else this.persist(() => this.options.store.acknowledged(clockId, seq))
    if (this.upload && this.upload.clockId === clockId && seq >= this.upload.seq) {
      const { stored_ms, over_limit_ms } = this.upload
      this.upload = null
      this.options.onEvent({ type: 'back_online', stored_ms, over_limit_ms })
    }
    return through
  }

  private onUnknownClock(): void {
    const { clockId } = this.buffer
    this.persist(() => this.options.store.drop(clockId))
    if (this.isOver()) return
    this.upload = null
    this.newClock()
    this.setStatus('connecting')
    this.sendOpen()
  }

  private awaitAcks(): void {
    if (this.buffer.unacked.length > 0 || this.backlog.length > 0) this.awaitingSince = this.now()
  }

  private sendItems(clockId: string, items: readonly Heartbeat[]): void {
    for (let i = 0; i < items.length; i += MOST_ITEMS) {
      this.send([{ type: 'heartbeats', clock_id: clockId, items: items.slice(i, i + MOST_ITEMS) }])
    }
  }

  private send(messages: ClientMessage[]): void {
    if (this.link.send(messages)) this.awaitingSince ??= this.now()
  }

  private stop(status: SessionStatus): void {
    this.cancelTick?.()
    this.link.stop()
    this.awaitingSince = null
    this.challenge = null
    this.setStatus(status)
  }

  private setStatus(status: SessionStatus): void {
    if (this.status === status && status !== 'connecting') return
    this.status = status
    this.options.onEvent({ type: 'status', status })
  }

  private scheduleTick(): void {
    this.cancelTick?.()
    this.cancelTick = this.options.clock.after(TICK_MS, () => this.tick())
  }

  private persist(write: () => Promise<void>): void {
    // In order, and a full or forbidden storage never stops the learning itself.
    this.writes = this.writes.then(write).catch(() => undefined)
  }

  private now(): number {
    return this.options.clock.monotonicMs()
  }

  private currentOffset(): number {
    return this.options.clock.wallMs() - this.options.clock.monotonicMs()
  }
}
