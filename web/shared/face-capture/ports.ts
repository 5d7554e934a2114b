/** What taking pictures needs from the outside. Tests give their own. */

export interface Camera {
  /** What it shows now, as a JPEG, as the world sees the person: never mirrored. */
  frame(): Promise<Blob>
  /** Mean light of the middle of the picture, 0 to 255; `null` while there is no picture. */
  light(): number | null
  /** Gives the device back. Safe to call twice. */
  stop(): void
}

export interface Timer {
  nowMs(): number
  /** Runs `task` once after `ms`; the answer cancels it. */
  after(ms: number, task: () => void): () => void
}
