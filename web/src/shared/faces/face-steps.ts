/** The steps as they are listed beside the camera: look here, then each action. */
import type { Cue, FaceAction } from '@zhipei/face-capture'

export interface Step {
  /** `actions` stands for those that are not known yet. */
  cue: Cue | 'actions'
  state: 'done' | 'now' | 'next'
  /** From 1. */
  number: number
}

export interface Progress {
  actions: readonly FaceAction[] | null
  /** What is asked now; `null` before the capture has begun. */
  cue: Cue | null
  /** Actions that are over. */
  done: number
  finished: boolean
}

export function stepsOf({ actions, cue, done, finished }: Progress): Step[] {
  const cues: Step['cue'][] = ['straight', ...(actions ?? ['actions' as const])]
  const at = finished ? cues.length : cue === null || cue === 'straight' ? 0 : done + 1
  return cues.map((each, index) => ({
    // Back in the middle belongs to the action before it.
    cue: index === at && cue === 'back' ? 'back' : each,
    state: index < at ? 'done' : index === at ? 'now' : 'next',
    number: index + 1,
  }))
}

/** How much of the ring is drawn. */
export function shareOf({ actions, done, cue, finished }: Progress): number {
  if (finished) return 1
  const steps = 1 + (actions?.length ?? 1)
  const over = cue === null || cue === 'straight' ? 0 : 1 + done
  return over / steps
}
