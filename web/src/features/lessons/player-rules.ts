/** What the player lets happen: how far one may jump, how fast, what a key means. */

export interface Seek {
  to_ms: number
  /** The wish lay beyond what was watched. */
  held: boolean
}

export function seekTo(wish: number, length: number, furthest: number, seekAhead: boolean): Seek {
  const limit = seekAhead ? length : Math.min(length, furthest)
  const to = Math.max(0, Math.min(wish, limit))
  // A hair's breadth is a rounding, not a wish.
  return { to_ms: to, held: wish - limit > 1_000 && limit < length }
}

const RATES = [1, 1.25, 1.5, 2]

export function rates(highest: number): number[] {
  const allowed = RATES.filter((rate) => rate <= highest)
  return allowed.length > 0 ? allowed : [1]
}

export function nextRate(now: number, highest: number): number {
  const allowed = rates(highest)
  return allowed[(allowed.indexOf(now) + 1) % allowed.length] ?? 1
}

/** `1.0`, `1.25` */
export function rateText(rate: number): string {
  return Number.isInteger(rate * 10) ? rate.toFixed(1) : String(rate)
}

/** Rule 3 in minutes a person can picture: at 1.5, 3 minutes of film count as 2. */
export function countedMinutes(rate: number): { watched: number; counted: number } {
  const table: Record<number, { watched: number; counted: number }> = {
    1.25: { watched: 5, counted: 4 },
    1.5: { watched: 3, counted: 2 },
    2: { watched: 2, counted: 1 },
  }
  return table[rate] ?? { watched: 1, counted: 1 }
}

export type PlayerKey = 'toggle' | 'back' | 'ahead' | 'louder' | 'quieter' | 'fullscreen' | 'mute' | 'captions'

const KEYS: Record<string, PlayerKey> = {
  ' ': 'toggle',
  k: 'toggle',
  ArrowLeft: 'back',
  ArrowRight: 'ahead',
  ArrowUp: 'louder',
  ArrowDown: 'quieter',
  f: 'fullscreen',
  m: 'mute',
  c: 'captions',
}

export interface Pressed {
  key: string
  modified: boolean
  /** What has the focus takes this key itself: a field, a slider, a button with Space. */
  taken: boolean
}

export function playerKey({ key, modified, taken }: Pressed): PlayerKey | null {
  if (modified || taken) return null
  return KEYS[key.length === 1 ? key.toLowerCase() : key] ?? null
}

export function takesKey(element: Element | null, key: string): boolean {
  if (!element) return false
  if (element.closest('input, textarea, select, [role=dialog], [role=menu], [contenteditable]')) return true
  return key === ' ' && element.closest('button, a, summary') !== null
}
