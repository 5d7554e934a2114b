/** Carries a plan out: tells each cue in its turn and takes the frames. */
import type { Cue, PlanStep } from './plan'
import type { Camera, Timer } from './ports'

export interface CaptureOptions {
  camera: Camera
  plan: readonly PlanStep[]
  timer: Timer
  onCue: (cue: Cue) => void
  signal: AbortSignal
}

/** The frames, in order. Rejects with the signal's reason when aborted, or with what the camera says. */
export async function capture({ camera, plan, timer, onCue, signal }: CaptureOptions): Promise<Blob[]> {
  const frames: Blob[] = []
  for (const { cue, shots_ms, ms } of plan) {
    signal.throwIfAborted()
    onCue(cue)
    const began = timer.nowMs()
    // A frame that takes long to encode delays the next ones, never the order.
    const until = (at: number): Promise<void> => pause(timer, Math.max(0, began + at - timer.nowMs()), signal)
    for (const at of shots_ms) {
      await until(at)
      frames.push(await camera.frame())
    }
    await until(ms)
  }
  signal.throwIfAborted()
  return frames
}

export function pause(timer: Timer, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const cancel = timer.after(ms, () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
    const onAbort = (): void => {
      cancel()
      reject(signal.reason as Error)
    }
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
