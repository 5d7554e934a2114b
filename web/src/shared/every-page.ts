import type { Page } from './useList'

/** So many parts at most: what a choice offers has to be read by somebody. */
const MOST_PARTS = 20

/** All of a list that comes in parts, to choose from. */
export async function everyPage<T>(fetch: (after: string | null) => Promise<Page<T>>): Promise<T[]> {
  const all: T[] = []
  let after: string | null = null
  for (let part = 0; part < MOST_PARTS; part += 1) {
    const page: Page<T> = await fetch(after)
    all.push(...page.items)
    after = page.next ?? null
    if (after === null) break
  }
  return all
}
