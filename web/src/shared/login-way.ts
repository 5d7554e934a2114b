/** The way to a login and on from it, as the address carries it. */

const REASONS = ['not_logged_in', 'login_taken_over', 'login_revoked'] as const

/** Why the last login is over, if the address says so. */
export function endedBy(code: unknown): (typeof REASONS)[number] | null {
  return REASONS.find((reason) => reason === code) ?? null
}

/** Where to go after the login: a path of this application that is no login, never another site. */
export function safeNext(next: unknown, home = '/'): string {
  if (typeof next !== 'string' || !next.startsWith('/')) return home
  const url = new URL(next, 'http://zhipei.invalid')
  const inside = url.host === 'zhipei.invalid' && !['/login', '/staff/login'].includes(url.pathname)
  return inside ? url.pathname + url.search + url.hash : home
}
