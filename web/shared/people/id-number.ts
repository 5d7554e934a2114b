/** The resident's identity number (公民身份号码, GB 11643), checked while it is typed. The server decides. */

export type IdNumberFault = 'missing' | 'old_form' | 'length' | 'characters' | 'birth_date' | 'check' | 'under_age'

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
const CHECKS = '10X98765432'
/** Nobody younger is registered (PIPL 31: below fourteen a guardian would have to agree). */
const LEAST_AGE = 14

/** What was meant: full-width digits and letters, spaces and a small x are taken. */
export function normalIdNumber(typed: string): string {
  return typed
    .normalize('NFKC')
    .replaceAll(/[\s-]/g, '')
    .toUpperCase()
}

/** What is wrong with it, or null. The first six digits never are: areas change, numbers stay. `today` is `2026-11-24`. */
export function idNumberFault(typed: string, today: string): IdNumberFault | null {
  const number = normalIdNumber(typed)
  if (number === '') return 'missing'
  if (/^\d{15}$/.test(number)) return 'old_form'
  if (number.length !== 18) return 'length'
  if (!/^\d{17}[\dX]$/.test(number)) return 'characters'
  const born = birthDate(number)
  if (born === null || born > today || born < '1900-01-01') return 'birth_date'
  const sum = WEIGHTS.reduce((total, weight, at) => total + weight * Number(number[at]), 0)
  if (CHECKS[sum % 11] !== number[17]) return 'check'
  return age(born, today) < LEAST_AGE ? 'under_age' : null
}

/** `1949-12-31`, or null where the digits name no day. */
export function birthDate(number: string): string | null {
  const date = `${number.slice(6, 10)}-${number.slice(10, 12)}-${number.slice(12, 14)}`
  const parsed = new Date(`${date}T00:00:00Z`)
  return Number.isNaN(parsed.getTime()) || parsed.toISOString().slice(0, 10) !== date ? null : date
}

/** Whole years; who was born on 29 February is a year older on 1 March of other years. */
function age(born: string, today: string): number {
  const years = Number(today.slice(0, 4)) - Number(born.slice(0, 4))
  return today.slice(5) < born.slice(5) ? years - 1 : years
}
