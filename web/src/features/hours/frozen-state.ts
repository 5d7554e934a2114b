/** How far a frozen time of the learner is, and what they may still do. */
import type { Schemas } from '@zhipei/api-client'

type Time = Pick<Schemas['FrozenTimeOut'], 'appeal' | 'appeal_until' | 'restored'>

export type FrozenState = 'open' | 'appealed' | 'over' | 'restored' | 'void'

/** `open`: they may appeal; `over`: they did not, and may no longer. */
export function frozenState({ appeal, appeal_until, restored }: Time, now: number): FrozenState {
  if (restored !== null) return restored ? 'restored' : 'void'
  if (appeal !== null) return 'appealed'
  return now > Date.parse(appeal_until) ? 'over' : 'open'
}
