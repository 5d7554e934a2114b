/** A region is chosen level by level: one list a level, as deep as the tree goes there. */
import type { Region } from './api'

export interface RegionLevel {
  /** The region whose parts are to be chosen from; null at the roots. */
  parent: string | null
  options: readonly Region[]
  chosen: string | null
}

/** The lists to show for a choice, from the root down. A single root needs no choosing. */
export function regionLevels(regions: readonly Region[], chosen: string | null): RegionLevel[] {
  const path = regionPath(regions, chosen)
  const levels: RegionLevel[] = []
  let parent: string | null = null
  for (let depth = 0; ; depth += 1) {
    const options: readonly Region[] = regions.filter((region) => region.parent === parent)
    if (options.length === 0) return levels
    const own: string | null = path[depth] ?? null
    const next: string | null = own ?? (depth === 0 && options.length === 1 ? (options[0]?.code ?? null) : null)
    if (depth > 0 || options.length > 1) levels.push({ parent, options, chosen: own })
    if (next === null) return levels
    parent = next
  }
}

/** From the root down to a code. */
export function regionPath(regions: readonly Region[], code: string | null): string[] {
  const path: string[] = []
  for (let at = code; at !== null; ) {
    const node: Region | undefined = regions.find((region) => region.code === at)
    if (!node || path.includes(at)) break
    path.unshift(at)
    at = node.parent
  }
  return path
}
