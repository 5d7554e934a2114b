/** Which frames are taken when: one before anything is asked, some while each action is done, one back in the middle. */
import type { FaceAction } from './actions'

export const MOST_FRAMES = 8
/** Time to look up and hold still. */
const STRAIGHT_MS = 1_000
/** A slow person hears, understands and moves within the first second and holds for another. */
const ACTION_MS = 2_200
const ACTION_SHOTS_MS = [900, 1_500, 2_050]
const BACK_MS = 1_000
const LAST_SHOT_BEFORE_END_MS = 150

export type Cue = 'straight' | 'back' | FaceAction

export interface PlanStep {
  cue: Cue
  /** From the step's beginning. */
  shots_ms: readonly number[]
  ms: number
}

export function capturePlan(actions: readonly FaceAction[], mostFrames = MOST_FRAMES): PlanStep[] {
  if (actions.length === 0) return [{ cue: 'straight', shots_ms: [700, 1_200, 1_700], ms: 1_900 }]
  const shots = Math.min(ACTION_SHOTS_MS.length, Math.floor((mostFrames - 2) / actions.length))
  if (shots < 1) throw new RangeError(`${mostFrames} frames are too few for ${actions.length} actions`)
  const doing = actions.map((cue): PlanStep => ({ cue, shots_ms: ACTION_SHOTS_MS.slice(-shots), ms: ACTION_MS }))
  const [first, ...others] = doing
  // The second quiet frame tells the server what this person's open eyes and closed mouth look like, which the frames of
  // a turn cannot.
  return [still('straight', STRAIGHT_MS), ...(first ? [first] : []), still('back', BACK_MS), ...others]
}

function still(cue: 'straight' | 'back', ms: number): PlanStep {
  return { cue, shots_ms: [ms - LAST_SHOT_BEFORE_END_MS], ms }
}

export function framesOf(plan: readonly PlanStep[]): number {
  return plan.reduce((sum, { shots_ms }) => sum + shots_ms.length, 0)
}

export function lengthMs(plan: readonly PlanStep[]): number {
  return plan.reduce((sum, { ms }) => sum + ms, 0)
}
