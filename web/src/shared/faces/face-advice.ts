/** What came of frames or of a request, and what the person can do about it. */
import type { ApiProblem } from '@zhipei/api-client'

export type Tip = 'light' | 'straight' | 'whole' | 'alone' | 'slow' | 'wipe'

const TIPS: Record<string, Tip[]> = {
  more_light: ['light', 'wipe'],
  less_light: ['light'],
  nobody_seen: ['whole', 'light'],
  one_person_only: ['alone'],
  come_closer: ['whole'],
  move_back: ['whole'],
  face_the_camera: ['straight'],
  hold_still: ['slow', 'wipe'],
  action_missing: ['slow', 'straight'],
  action_unasked: ['slow', 'straight'],
  actions_out_of_order: ['slow', 'straight'],
}
const ALWAYS: Tip[] = ['light', 'whole', 'straight']
const MOST_TIPS = 3

/** At most three, those of the first failure first. A mismatch has none of its own: what helps an impostor is not said. */
export function tipsFor(codes: readonly string[]): Tip[] {
  const own = codes.flatMap((code) => TIPS[code] ?? [])
  return [...new Set([...own, ...ALWAYS])].slice(0, MOST_TIPS)
}

/** `again`: one more try may do. `wait`: nobody has failed, in a while it may do. `stop`: another way now. */
export type Way = { kind: 'again' | 'stop' } | { kind: 'wait'; seconds: number }

const STOPS = new Set([
  'face_paused', 'face_consent_needed', 'face_not_enrolled', 'face_unavailable', 'account_locked', 'too_many_attempts',
  'captcha_required', 'captcha_wrong', 'password_needed', 'not_logged_in', 'login_taken_over', 'login_revoked',
])
const WAIT_S = 5

export function wayOn({ code, retryAfter }: ApiProblem): Way {
  if (code === 'face_postponed') return { kind: 'wait', seconds: retryAfter ?? WAIT_S }
  return { kind: STOPS.has(code) ? 'stop' : 'again' }
}
