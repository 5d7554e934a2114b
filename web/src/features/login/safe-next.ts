/** Where to go after the login: a path of this application, never another site. */
export function safeNext(next: unknown): string {
  if (typeof next !== 'string' || !next.startsWith('/')) return '/'
  const url = new URL(next, 'http://zhipei.invalid')
  return url.host === 'zhipei.invalid' && url.pathname !== '/login' ? url.pathname + url.search + url.hash : '/'
}
