import { localMoment } from '@zhipei/hours'

/** The last day of an account that is over at this moment: it ends with the day, and the moment is in the next one. */
export function lastDay(expiresAt: string): string {
  return localMoment(Date.parse(expiresAt) - 1).date
}
