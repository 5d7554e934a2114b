import { useI18n } from 'vue-i18n'
import type { ApiProblem } from '@zhipei/api-client'
import { columnTime, dateParts, dateRange, localMoment, spokenParts, type DateParts } from '@zhipei/hours'

export interface Words {
  /** `6 分 50 秒` */
  spoken: (ms: number) => string
  /** `11 月 24 日`, of a moment or of a plain date; with its year where it is not this one. */
  date: (at: string | number) => string
  /** `11 月 4 日至 2027 年 3 月 25 日` */
  range: (from: string | number, to: string | number) => string
  /** `11 月 24 日 09:41` */
  moment: (at: string | number) => string
  problem: (problem: ApiProblem) => string
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const thisYear = (): number => localMoment(Date.now()).year

/** Times, dates and problems in the reader's language. */
export function useWords(): Words {
  const { t, te, locale } = useI18n()

  function spoken(ms: number): string {
    const { hours, minutes, seconds } = spokenParts(ms)
    if (hours > 0) return minutes > 0 ? t('time.hms', { h: hours, m: minutes }) : t('time.hours', { h: hours })
    if (minutes === 0) return t('time.seconds', { s: seconds })
    return seconds > 0 ? t('time.ms', { m: minutes, s: seconds }) : t('time.minutes', { m: minutes })
  }

  function date(at: string | number): string {
    return worded(dateParts(at, thisYear()))
  }

  function range(from: string | number, to: string | number): string {
    const [first, last] = dateRange(from, to, thisYear())
    return t('time.range', { from: worded(first), to: worded(last) })
  }

  function moment(at: string | number): string {
    return t('time.moment', { date: date(at), time: columnTime(at) })
  }

  function worded({ year, month, day }: DateParts): string {
    const words = { month, day, year: year ?? '', monthName: MONTHS[month - 1] ?? '' }
    return t(year === null ? 'time.date' : 'time.dateYear', words)
  }

  function problem(given: ApiProblem): string {
    if (given.code === 'account_locked') {
      const minutes = given.retryAfter === null ? null : Math.ceil(given.retryAfter / 60)
      return minutes === null ? t('problems.account_locked_soon') : t('problems.account_locked', { minutes }, minutes)
    }
    // The server says which rule; the code alone does not.
    if (given.code === 'weak_password' && locale.value === 'zh-CN' && given.title) return given.title
    const key = `problems.${given.code}`
    // A code that this client does not know still comes with a title in Chinese.
    return te(key) ? t(key) : given.title || t('problems.unknown')
  }

  return { spoken, date, range, moment, problem }
}
