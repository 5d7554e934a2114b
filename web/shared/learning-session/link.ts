/** Keeps one connection up: backs off, falls back to HTTP where WebSockets do not get through. Knows no session. */
import type { ClientMessage, ServerMessage } from './messages'
import type { Clock, Connection, Transport } from './ports'

const BACKOFF_MS = [1_000, 2_000, 4_000, 8_000, 15_000]
const UPGRADES_BEFORE_HTTP = 2
const OPEN_WITHIN_MS = 10_000

export interface LinkEvents {
  up(): void
  /** The connection was lost, or neither way gets through. */
  down(code: number): void
  message(message: ServerMessage): void
}

export class Link {
  private connection: Connection | null = null
  private cancelTimer: (() => void) | null = null
  private failedUpgrades = 0
  private attempts = 0
  private running = false
  private up = false

  constructor(
    private readonly transport: Transport,
    private readonly clock: Clock,
    private readonly events: LinkEvents,
  ) {}

  get isUp(): boolean {
    return this.up
  }

  start(): void {
    if (this.running) return
    this.running = true
    this.attempts = 0
    this.connect()
  }

  stop(): void {
    this.running = false
    this.setTimer(null)
    this.release()
  }

  send(messages: ClientMessage[]): boolean {
    if (!this.up || !this.connection) return false
    this.connection.send(messages)
    return true
  }

  /** Gives up this connection, which has gone silent, and makes another one in a while. */
  renew(afterMs?: number): void {
    if (!this.running) return
    const wasUp = this.up
    this.release()
    if (wasUp) this.events.down(1006)
    // The listener may have stopped the link.
    if (this.running) this.retry(afterMs)
  }

  /** The network is said to be back: no use in waiting for the rest of the pause. */
  retryNow(): void {
    if (!this.running || this.connection) return
    this.attempts = 0
    this.connect()
  }

  private connect(): void {
    this.setTimer(null)
    const http = this.failedUpgrades >= UPGRADES_BEFORE_HTTP
    let current: Connection | null = null
    let over = false
    const mine = (): boolean => !over && (current === null || current === this.connection)
    const events = {
      open: () => {
        if (!mine()) return
        this.setTimer(null)
        this.up = true
        if (!http) this.failedUpgrades = 0
        this.events.up()
      },
      message: (message: ServerMessage) => {
        if (!mine()) return
        this.attempts = 0
        this.events.message(message)
      },
      closed: (code: number) => {
        if (!mine()) return
        over = true
        const wasUp = this.up
        this.connection = null
        this.up = false
        // Without a network both ways fail: try them in turn rather than settle on HTTP.
        if (!wasUp) this.failedUpgrades = http ? UPGRADES_BEFORE_HTTP - 1 : this.failedUpgrades + 1
        if (wasUp || http) this.events.down(code)
        if (this.running && !this.connection) this.retry()
      },
    }
    current = http ? this.transport.http(events) : this.transport.webSocket(events)
    if (over) return
    this.connection = current
    this.setTimer(OPEN_WITHIN_MS, () => {
      const stuck = this.connection
      events.closed(1006)
      stuck?.close()
    })
  }

  private retry(afterMs?: number): void {
    const pause = afterMs ?? BACKOFF_MS[Math.min(this.attempts, BACKOFF_MS.length - 1)] ?? 15_000
    this.attempts += 1
    this.setTimer(pause, () => this.connect())
  }

  private release(): void {
    const connection = this.connection
    this.connection = null
    this.up = false
    connection?.close()
  }

  private setTimer(ms: number | null, task: () => void = () => undefined): void {
    this.cancelTimer?.()
    this.cancelTimer = ms === null ? null : this.clock.after(ms, task)
  }
}
