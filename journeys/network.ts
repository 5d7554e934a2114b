/** The cable between a learner and the server: an HTTP proxy that can be cut. */
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

export class Network {
  private isCut = false
  private readonly ends = new Set<Duplex>()

  private constructor(private readonly server: Server) {
    server.on('connection', (socket: Socket) => this.hold(socket))
    server.on('request', (asked: IncomingMessage, answer: ServerResponse) => this.forward(asked, answer))
    server.on('connect', (asked: IncomingMessage, socket: Duplex, head: Buffer) => this.tunnel(asked, socket, head))
  }

  static async lay(): Promise<Network> {
    const server = createServer()
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    return new Network(server)
  }

  /** For a browser's proxy settings. */
  get address(): string {
    const address = this.server.address()
    if (typeof address !== 'object' || address === null) throw new Error('the network is gone')
    return `http://127.0.0.1:${address.port}`
  }

  /** As a pulled cable: nothing gets through any more, and nobody is told. */
  cut(): void {
    this.isCut = true
    for (const end of this.ends) end.pause()
  }

  /** What was cut off stays dead; new connections get through. */
  mend(): void {
    this.isCut = false
    for (const end of this.ends) end.destroy()
  }

  close(): void {
    this.mend()
    this.server.close()
  }

  private forward(asked: IncomingMessage, answer: ServerResponse): void {
    if (this.isCut) return
    const onward = request(asked.url ?? '', { method: asked.method, headers: asked.headers }, (answered) => {
      answer.writeHead(answered.statusCode ?? 502, answered.headers)
      answered.pipe(answer)
    })
    onward.on('socket', (socket) => this.hold(socket))
    onward.on('error', () => answer.destroy())
    asked.pipe(onward)
  }

  private tunnel(asked: IncomingMessage, near: Duplex, head: Buffer): void {
    if (this.isCut) return
    const { hostname, port } = new URL(`http://${asked.url ?? ''}`)
    const far = connect(Number(port), hostname, () => {
      near.write('HTTP/1.1 200 Connection established\r\n\r\n')
      far.write(head)
      near.pipe(far)
      far.pipe(near)
    })
    this.hold(far)
    far.on('close', () => near.destroy())
    near.on('close', () => far.destroy())
  }

  private hold(end: Duplex): void {
    if (this.ends.has(end)) return
    this.ends.add(end)
    if (this.isCut) end.pause()
    end.on('error', () => undefined)
    end.on('close', () => this.ends.delete(end))
  }
}
