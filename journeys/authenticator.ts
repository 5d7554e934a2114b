/** An authenticator as on a phone (RFC 6238): its secret comes from the page, its codes are never the same twice. */
import { createHmac } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'

const STEP_MS = 30_000
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

export class Authenticator {
  private last = -1

  constructor(private readonly secret: string) {}

  /** Waits for the next one where the last was given out already: the server takes each once. */
  async code(): Promise<string> {
    while (Math.floor(Date.now() / STEP_MS) <= this.last) await pause(500)
    this.last = Math.floor(Date.now() / STEP_MS)
    return codeOf(this.secret, this.last)
  }
}

export function codeOf(secret: string, step: number): string {
  const bits = [...secret.replaceAll(/[\s=]/g, '').toUpperCase()].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const digest = createHmac('sha1', key).update(counter).digest()
  const at = (digest.at(-1) ?? 0) & 15
  return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}
