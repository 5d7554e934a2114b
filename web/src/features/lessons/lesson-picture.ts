/** The lesson along its medium: what the server knows, with what was watched since. */
import { measure, subtract, type Range } from '@zhipei/learning-session'
import { withFresh, type RibbonSegment } from '@zhipei/hours'
import type { Segment, VoidOut } from '@/shared/api'

const COUNTS = new Set(['verified', 'pending', 'frozen'])

export interface LessonPicture {
  segments: RibbonSegment[]
  void_ms: number
}

/** Media that earns nothing when it is watched again. */
export function covered(segments: readonly Segment[]): Range[] {
  return segments.filter((one) => COUNTS.has(one.state)).map((one) => ({ from: one.media_from, to: one.media_to }))
}

export function lessonPicture(
  segments: readonly Segment[],
  voidMs: number,
  fresh: readonly Range[],
  checked: boolean,
): LessonPicture {
  const along = segments.map(({ state, media_from, media_to }): RibbonSegment => ({ state, from: media_from, to: media_to }))
  const gone = along.filter((one) => one.state === 'void')
  const whole = measure(gone)
  const left = measure(gone.flatMap((one) => subtract(one, fresh)))
  return {
    segments: withFresh(along, fresh, checked ? 'pending' : 'verified'),
    void_ms: whole === 0 ? voidMs : Math.round((voidMs * left) / whole),
  }
}

const STOPPING_MS = 2_000

/** Where to go on after a check: counting stopped a moment before the film did, and that moment is watched again. */
export function goOnAt(segments: readonly Segment[], positionMs: number): number {
  const counted = segments.filter((one) => one.state !== 'void' && one.media_from < positionMs)
  const to = Math.max(0, ...counted.map((one) => Math.min(one.media_to, positionMs)))
  return positionMs - to < STOPPING_MS ? to : positionMs
}

/** Stretches still to be made up, the newest first. */
export function openVoids(voids: readonly VoidOut[]): VoidOut[] {
  return voids.filter((one) => !one.made_up).sort((a, b) => Date.parse(b.from) - Date.parse(a.from))
}

/** What was made up between two pictures of the lesson, in milliseconds. */
export function madeUpBetween(before: readonly VoidOut[], after: readonly VoidOut[]): number {
  const open = new Set(openVoids(before).map((one) => one.from))
  return after.filter((one) => one.made_up && open.has(one.from)).reduce((sum, one) => sum + one.ms, 0)
}
