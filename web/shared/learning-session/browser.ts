/** The browser's time and connections behind the session's ports. */
import { parseServerMessage, type ClientMessage, type ServerMessage } from './messages'
import type { Clock, Connection, ConnectionEvents, Transport } from './ports'

export const browserClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms)
    return () => clearTimeout(timer)
  },
}

/** A random UUID, also where the page is not served over https and the browser offers none. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

const SOCKET_PATH = '/api/learning/sessions'
const POST_PATH = '/api/learning/heartbeats'
/** How often an otherwise silent HTTP connection asks whether a check is due. */
const POLL_MS = 5_000
const LOST = 1006

export const browserTransport: Transport = {
  webSocket(events) {
    const address = new URL(SOCKET_PATH, location.href)
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
    const socket = new WebSocket(address)
    socket.addEventListener('open', () => events.open())
    socket.addEventListener('close', (event) => events.closed(event.code))
    socket.addEventListener('message', (event) => {
      const message = typeof event.data === 'string' ? parseServerMessage(event.data) : null
      if (message) events.message(message)
    })
    return {
      send(messages) {
        if (socket.readyState !== WebSocket.OPEN) return
        for (const message of messages) socket.send(JSON.stringify(message))
      },
      close: () => socket.close(),
    }
  },
  http: (events) => new HttpConnection(events),
}

/** A connection in name only: one request at a time, in order, under one id. */
class HttpConnection implements Connection {
  private readonly id = newId()
  private queue: ClientMessage[] = []
  private busy = false
  private open = false
  private closed = false
  private poll: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly events: ConnectionEvents) {
    void this.flush()
  }

  send(messages: ClientMessage[]): void {
    this.queue.push(...messages)
    void this.flush()
  }

  close(): void {
    this.closed = true
    clearTimeout(this.poll)
    if (this.queue.length > 0) void this.post(this.queue).catch(() => undefined)
    this.queue = []
  }

  private async flush(): Promise<void> {
    if (this.busy || this.closed) return
    this.busy = true
    clearTimeout(this.poll)
    const messages = this.queue
    this.queue = []
    try {
      const answers = await this.post(messages)
      if (this.isClosed()) return
      if (!this.open) {
        this.open = true
        this.events.open()
      }
      for (const answer of answers) this.events.message(answer)
    } catch {
      if (this.isClosed()) return
      this.closed = true
      this.events.closed(LOST)
      return
    }
    this.busy = false
    if (this.queue.length > 0) void this.flush()
    else this.poll = setTimeout(() => void this.flush(), POLL_MS)
  }

  private isClosed(): boolean {
    return this.closed
  }

  private async post(messages: ClientMessage[]): Promise<ServerMessage[]> {
    const response = await fetch(POST_PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-device-connection': this.id },
      body: JSON.stringify({ messages }),
      credentials: 'same-origin',
      // The last words of a closing page still go out.
      keepalive: true,
    })
    if (!response.ok) throw new Error(`heartbeats: ${response.status}`)
    const body: unknown = await response.json()
    const list = typeof body === 'object' && body !== null && 'messages' in body ? body.messages : []
    if (!Array.isArray(list)) return []
    return list.map((item) => parseServerMessage(JSON.stringify(item))).filter((item) => item !== null)
  }
}
