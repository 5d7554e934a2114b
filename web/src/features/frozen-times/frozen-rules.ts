/** When a person may decide on frozen time. */
import type { Schemas } from '@zhipei/api-client'

type Waiting = Pick<Schemas['FrozenTimeOut'], 'appeal' | 'appeal_until'>

/** Against the learner only once they were heard, or may no longer be; the server has the same rule. */
export function mayVoid({ appeal, appeal_until }: Waiting, now: number): boolean {
  return appeal !== null || now > Date.parse(appeal_until)
}
