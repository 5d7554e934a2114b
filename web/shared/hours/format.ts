/** How time is written. `m:ss` where it runs, words where it is said, hours only as the server floored them. */

const DAY_MS = 86_400_000
/** Asia/Shanghai has no daylight saving. */
const SHANGHAI_MS = 28_800_000

/** `8:06`, `102:00`; whole seconds, rounded down. */
export function runningTime(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

export interface SpokenTime {
  hours: number
  minutes: number
  seconds: number
}

export function spokenParts(ms: number): SpokenTime {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  return { hours: Math.floor(seconds / 3600), minutes: Math.floor((seconds % 3600) / 60), seconds: seconds % 60 }
}

/** Credit hours to hundredths, rounded down, for figures the server does not send (a cap, a requirement). */
export function flooredHours(ms: number, minutesPerHour: number): string {
  const centi = Math.floor((Math.max(0, ms) * 100) / (minutesPerHour * 60_000))
  return `${Math.floor(centi / 100)}.${String(centi % 100).padStart(2, '0')}`
}

/** `24` for whole hours, `10.66` otherwise. */
export function shortHours(ms: number, minutesPerHour: number): string {
  return flooredHours(ms, minutesPerHour).replace(/\.00$/, '')
}

/** The difference of two floored figures, exact to the hundredth. */
export function hoursLeft(required: string, verified: string): string {
  const centi = Math.max(0, toCenti(required) - toCenti(verified))
  return `${Math.floor(centi / 100)}.${String(centi % 100).padStart(2, '0')}`
}

export function toCenti(hours: string): number {
  const [whole = '0', part = ''] = hours.split('.')
  return Number(whole) * 100 + Number(part.padEnd(2, '0').slice(0, 2))
}

export interface LocalMoment {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
  /** `2026-03-02` */
  date: string
}

/** A moment as clocks in Hainan show it, whatever the computer's own zone. */
export function localMoment(at: string | number): LocalMoment {
  const ms = typeof at === 'number' ? at : Date.parse(at)
  const local = new Date(ms + SHANGHAI_MS)
  return {
    year: local.getUTCFullYear(),
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    hour: local.getUTCHours(),
    minute: local.getUTCMinutes(),
    second: local.getUTCSeconds(),
    date: local.toISOString().slice(0, 10),
  }
}

export interface DateParts {
  /** Null where it is the reader's own year and goes without saying. */
  year: number | null
  month: number
  day: number
}

/** A plain date (`2026-03-02`) or the local date of a moment, to be put into words. */
export function dateParts(at: string | number, thisYear: number): DateParts {
  const plain = typeof at === 'string' ? /^(\d{4})-(\d{2})-(\d{2})$/.exec(at) : null
  const { year, month, day } = plain
    ? { year: Number(plain[1]), month: Number(plain[2]), day: Number(plain[3]) }
    : localMoment(at)
  return { year: year === thisYear ? null : year, month, day }
}

/** From and to; a range out of an earlier year into this one names both years. */
export function dateRange(from: string | number, to: string | number, thisYear: number): [DateParts, DateParts] {
  const [first, last] = [dateParts(from, thisYear), dateParts(to, thisYear)]
  return [first, first.year !== null && last.year === null ? { ...last, year: thisYear } : last]
}

/** `9:06` */
export function clockTime(at: string | number): string {
  const { hour, minute } = localMoment(at)
  return `${hour}:${String(minute).padStart(2, '0')}`
}

/** `09:06`, for columns. */
export function columnTime(at: string | number): string {
  return clockTime(at).padStart(5, '0')
}

/** `9:22:30` */
export function clockTimeWithSeconds(at: string | number): string {
  return `${clockTime(at)}:${String(localMoment(at).second).padStart(2, '0')}`
}

/** Days from the local day of `from` to that of `to`. */
export function daysBetween(from: string | number, to: string | number): number {
  const day = (at: string | number): number =>
    Math.floor(((typeof at === 'number' ? at : Date.parse(at)) + SHANGHAI_MS) / DAY_MS)
  return day(to) - day(from)
}
