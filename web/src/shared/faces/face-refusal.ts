/** Who said no to faces is not asked again for a while. */

export const QUIET_MS = 30 * 24 * 3_600_000

export function isQuiet(refusedAtMs: number | null, nowMs: number): boolean {
  return refusedAtMs !== null && nowMs >= refusedAtMs && nowMs - refusedAtMs < QUIET_MS
}
