/** How face verification is doing, in figures to read. */
import type { Schemas } from '@zhipei/api-client'

type Outcomes = Schemas['FaceOutcomesOut']

export const OUTCOMES = ['passed', 'failed', 'mismatch'] as const

/** From so much of the threshold on, the operator prepares to file. */
const NEAR = 0.8

/** `98.7%`; cut, so that all but one is never 100%. A dash where there is nothing to divide by. */
export function rate(part: number, whole: number): string {
  return whole === 0 ? '–' : `${(Math.floor((part * 1000) / whole) / 10).toFixed(1)}%`
}

export function outcomeRow(outcomes: Outcomes) {
  const total = OUTCOMES.reduce((sum, name) => sum + outcomes[name], 0)
  const cells = OUTCOMES.map((name) => ({ name, count: outcomes[name], rate: rate(outcomes[name], total) }))
  return { purpose: outcomes.purpose, total, cells }
}

export type Filing = 'calm' | 'near' | 'due'

export function filing(stored: number, from: number): Filing {
  if (stored >= from) return 'due'
  return stored >= from * NEAR ? 'near' : 'calm'
}
