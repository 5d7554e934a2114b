/** Where a notice leads: to the page on which its reader can do something about it. */
const WAYS: Record<string, string> = {
  registered: '/',
  identity_confirmed: '/account',
  password_reset: '/account/security',
  phone_changed: '/account',
  correction_asked: '/account',
  correction_decided: '/account',
  enrolled: '/',
  join_decided: '/join',
  new_device: '/account/security',
  frozen_decided: '/hours',
}

export function noticeWay(kind: string): string | null {
  return WAYS[kind] ?? null
}
