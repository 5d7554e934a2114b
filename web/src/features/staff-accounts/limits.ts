/** From where and until when an account may be used, as a form has it. */
import type { StaffAccount } from '@/shared/api'
import { lastDay } from '@/shared/last-day'

export interface LimitsForm {
  /** One a line, or parted by blanks or commas. */
  ranges: string
  last_day: string
}

export function limitsBefore(account: StaffAccount | null): LimitsForm {
  return { ranges: account?.ranges.join('\n') ?? '', last_day: account?.expires_at ? lastDay(account.expires_at) : '' }
}

/** As the server takes it. */
export function limitsOf({ ranges, last_day }: LimitsForm): { ranges: string[]; last_day: string | null } {
  return { ranges: ranges.split(/[\s,，、]+/).filter(Boolean), last_day: last_day || null }
}
