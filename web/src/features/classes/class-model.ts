/** What a class's figures mean for the learner: what to go on with, what waits, how long it still takes. */
import { daysBetween, flooredHours, hoursLeft, localMoment, shortHours, toCenti } from '@zhipei/hours'
import type { RibbonSegment } from '@zhipei/hours'
import type { ClassOut, Segment } from '@/shared/api'

/** The class that the page is about: where there is something to go on with, else what is running. */
export function currentClass(classes: readonly ClassOut[]): ClassOut | null {
  return (
    classes.find((one) => one.state === 'learning' && one.continue_lesson) ??
    classes.find((one) => one.state === 'learning') ??
    null
  )
}

export function requiredHours(one: ClassOut): string {
  return shortHours(one.required_ms, one.minutes_per_hour)
}

export function remainingHours(one: ClassOut): string {
  return hoursLeft(flooredHours(one.required_ms, one.minutes_per_hour), one.totals.verified_hours)
}

/** Days that learning as much as the cap allows would take; null without a cap. */
export function fewestDays(one: ClassOut): number | null {
  if (one.daily_cap_ms <= 0) return null
  const left = one.required_ms - one.totals.verified_ms
  return left <= 0 ? 0 : Math.ceil(left / one.daily_cap_ms)
}

export type Waiting =
  | { kind: 'void'; classId: string; title: string; ms: number; lessonId: string | null; at: number | null }
  | { kind: 'ends'; classId: string; title: string; days: number; hours: string }

const ENDS_SOON_DAYS = 7

/** What only the learner can do something about. */
export function waitingFor(classes: readonly ClassOut[], now: number): Waiting[] {
  return classes
    .filter((one) => one.state === 'learning')
    .flatMap((one): Waiting[] => {
      const items: Waiting[] = []
      if (one.totals.void_ms > 0) {
        const gap = firstVoid(one.continue_lesson?.segments ?? [])
        const lessonId = gap === null ? null : (one.continue_lesson?.lesson_id ?? null)
        items.push({ kind: 'void', classId: one.id, title: one.title, ms: one.totals.void_ms, lessonId, at: gap })
      }
      const days = daysBetween(now, `${one.ends_on}T00:00:00+08:00`)
      const hours = remainingHours(one)
      if (days >= 0 && days <= ENDS_SOON_DAYS && toCenti(hours) > 0) {
        items.push({ kind: 'ends', classId: one.id, title: one.title, days, hours })
      }
      return items
    })
}

/** Where the first void stretch of a lesson begins. */
export function firstVoid(segments: readonly Segment[]): number | null {
  const starts = segments.filter((segment) => segment.state === 'void').map((segment) => segment.media_from)
  return starts.length === 0 ? null : Math.min(...starts)
}

export function alongMedium(segments: readonly Segment[]): RibbonSegment[] {
  return segments.map(({ state, media_from, media_to }) => ({ state, from: media_from, to: media_to }))
}

export type PartOfDay = 'morning' | 'noon' | 'afternoon' | 'evening'

export function partOfDay(now: number): PartOfDay {
  const { hour } = localMoment(now)
  if (hour >= 5 && hour < 11) return 'morning'
  if (hour >= 11 && hour < 14) return 'noon'
  return hour >= 14 && hour < 18 ? 'afternoon' : 'evening'
}
