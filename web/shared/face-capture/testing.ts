/** A camera for tests: numbered frames, and the light that it is told. */
import type { Camera, Timer } from './ports'

export class FakeCamera implements Camera {
  readonly taken: number[] = []
  stopped = false
  brightness: number | null = 120
  fault: Error | null = null

  constructor(private readonly now: () => number = () => Date.now()) {}

  async frame(): Promise<Blob> {
    if (this.fault) throw this.fault
    this.taken.push(this.now())
    return new Blob([String(this.taken.length)], { type: 'image/jpeg' })
  }

  light(): number | null {
    return this.brightness
  }

  stop(): void {
    this.stopped = true
  }
}

/** Over vitest's fake timers. */
export const fakeTimer: Timer = {
  nowMs: () => Date.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms)
    return () => clearTimeout(timer)
  },
}
