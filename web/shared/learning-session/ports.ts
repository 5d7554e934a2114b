/** What a learning session needs from the outside: time, storage, a connection. Tests give their own. */
import type { ClientMessage, Heartbeat, Sample, ServerMessage } from './messages'

export interface Clock {
  /** Monotonic, need not run while the machine sleeps. */
  monotonicMs(): number
  wallMs(): number
  /** Runs `task` once after `ms`; the answer cancels it. */
  after(ms: number, task: () => void): () => void
}

/** The one unnumbered heartbeat, rewritten each second. */
export type Draft = Sample & { client_ms: number }

export interface ClockRow {
  clock_id: string
  learner_id: string
  lesson: string
  class: string | null
  /** Everything up to here is acknowledged. */
  acked_seq: number
}

export interface StoredClock extends ClockRow {
  items: Heartbeat[]
  draft: Draft | null
}

/** Keeps what the server has not yet promised. Calls are made in order; later ones may rely on earlier ones. */
export interface HeartbeatStore {
  /** Clocks of this learner, with what is left of them. */
  load(learnerId: string): Promise<StoredClock[]>
  startClock(row: ClockRow): Promise<void>
  /** Adds a numbered heartbeat and clears the draft, which it replaces. */
  add(clockId: string, item: Heartbeat): Promise<void>
  writeDraft(clockId: string, draft: Draft): Promise<void>
  /** Drops everything up to `seq`. */
  acknowledged(clockId: string, seq: number): Promise<void>
  drop(clockId: string): Promise<void>
}

export interface ConnectionEvents {
  open(): void
  message(message: ServerMessage): void
  /** Once; `code` is the WebSocket close code, 1006 where there is none. */
  closed(code: number): void
}

export interface Connection {
  send(messages: ClientMessage[]): void
  close(): void
}

export interface Transport {
  webSocket(events: ConnectionEvents): Connection
  /** The same messages by HTTP, for networks that block WebSockets. */
  http(events: ConnectionEvents): Connection
}
