/** Consents as a learner sees them: each purpose once, with the newest that was given. */
import type { Schemas } from '@zhipei/api-client'

export interface ConsentRow {
  text: Schemas['ConsentTextOut']
  /** The newest one of this purpose. */
  given: Schemas['ConsentOut'] | null
  state: 'live' | 'outdated' | 'withdrawn' | 'never'
}

export function consentRows(texts: readonly Schemas['ConsentTextOut'][], given: readonly Schemas['ConsentOut'][]): ConsentRow[] {
  return texts.map((text) => {
    const newest = given.filter((one) => one.purpose === text.purpose).reduce<Schemas['ConsentOut'] | null>((last, one) => (last === null || one.given_at >= last.given_at ? one : last), null)
    return { text, given: newest, state: stateOf(newest) }
  })
}

function stateOf(newest: Schemas['ConsentOut'] | null): ConsentRow['state'] {
  if (newest === null) return 'never'
  if (newest.withdrawn_at !== null) return 'withdrawn'
  return newest.live ? 'live' : 'outdated'
}
