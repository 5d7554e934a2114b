import { useI18n } from 'vue-i18n'
import type { ApiProblem } from '@zhipei/api-client'
import { localMoment, spokenParts } from '@zhipei/hours'

export interface Words {
  /** `6 分 50 秒` */
  spoken: (ms: number) => string
  /** `11 月 24 日`, of a moment or of a plain date. */
  date: (at: string | number) => string
  problem: (problem: ApiProblem) => string
}

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
    const plain = typeof at === 'string' ? /^\d{4}-(\d{2})-(\d{2})$/.exec(at) : null
    const { month, day } = plain ? { month: Number(plain[1]), day: Number(plain[2]) } : localMoment(at)
    return t('time.date', { month, day })
  }

  function problem(given: ApiProblem): string {
    if (given.code === 'account_locked') {
      const minutes = given.retryAfter === null ? null : Math.ceil(given.retryAfter / 60)
      return minutes === null ? t('problems.account_locked_soon') : t('problems.account_locked', { minutes })
    }
    // The server says which rule; the code alone does not.
    if (given.code === 'weak_password' && locale.value === 'zh-CN' && given.title) return given.title
    const key = `problems.${given.code}`
    // A code that this client does not know still comes with a title in Chinese.
    return te(key) ? t(key) : given.title || t('problems.unknown')
  }

  return { spoken, date, problem }
}
