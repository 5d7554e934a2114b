/** Documents of identity, checked while they are typed, as `crates/domain/src/id_document.rs` has it. The server decides. */

export const DOCUMENT_KINDS = ['resident_id', 'residence_permit', 'hk_macao_permit', 'taiwan_permit', 'passport', 'foreign_permanent_resident'] as const
export type DocumentKind = (typeof DOCUMENT_KINDS)[number]

export type DocumentFault = 'missing' | 'old_form' | 'length' | 'form' | 'birth_date' | 'check' | 'too_young'

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
const CHECKS = '10X98765432'
/** Nobody younger is registered (PIPL 31). */
const YOUNGEST = 14
/** Nobody is older; a birth before that is a slip of the pen. */
const OLDEST = 120

/** What was meant: full-width digits and letters, blanks, dashes and a small x are taken. */
export function normalNumber(typed: string): string {
  return typed
    .normalize('NFKC')
    .replaceAll(/[\s-]/g, '')
    .toUpperCase()
}

/** What is wrong with a number, or null. The first six digits never are: areas change, numbers stay. `today` is `2026-11-24`. */
export function documentFault(kind: DocumentKind, typed: string, today: string): DocumentFault | null {
  const number = normalNumber(typed)
  if (number === '') return 'missing'
  switch (kind) {
    case 'resident_id':
      if (/^\d{15}$/.test(number)) return 'old_form'
      return citizenFault(number, today)
    case 'residence_permit':
      return /^8[123]/.test(number) ? citizenFault(number, today) : 'form'
    case 'foreign_permanent_resident':
      if (/^[A-Z]{3}\d{12}$/.test(number)) return null
      return number.startsWith('9') ? citizenFault(number, today) : 'form'
    case 'hk_macao_permit':
      return /^[HM](\d{8}|\d{10})$/.test(number) ? null : 'form'
    case 'taiwan_permit':
      return /^(\d{8}|\d{10})$/.test(number) ? null : 'form'
    case 'passport':
      return /^(?=.*\d)[A-Z0-9]{5,20}$/.test(number) ? null : 'form'
  }
}

/** Does the number leave open when its holder was born? */
export function birthDateNeeded(kind: DocumentKind, typed: string): boolean {
  return kind !== 'resident_id' && kind !== 'residence_permit' && normalNumber(typed).length !== 18
}

/** What is wrong with a day of birth that was typed in, `1990-01-01`. */
export function birthDateFault(born: string, today: string): 'missing' | 'birth_date' | 'too_young' | null {
  if (born === '') return 'missing'
  const years = age(born, today)
  if (Number.isNaN(years) || born > today || years >= OLDEST) return 'birth_date'
  return years < YOUNGEST ? 'too_young' : null
}

/** GB 11643: 17 digits, the day of birth among them, and a check. */
function citizenFault(number: string, today: string): DocumentFault | null {
  if (number.length !== 18) return 'length'
  if (!/^\d{17}[\dX]$/.test(number)) return 'form'
  const born = birthDate(number)
  if (born === null || birthDateFault(born, today) === 'birth_date') return 'birth_date'
  const sum = WEIGHTS.reduce((total, weight, at) => total + weight * Number(number[at]), 0)
  if (CHECKS[sum % 11] !== number[17]) return 'check'
  return age(born, today) < YOUNGEST ? 'too_young' : null
}

/** `1949-12-31`, or null where the digits name no day. */
function birthDate(number: string): string | null {
  const date = `${number.slice(6, 10)}-${number.slice(10, 12)}-${number.slice(12, 14)}`
  const parsed = new Date(`${date}T00:00:00Z`)
  return Number.isNaN(parsed.getTime()) || parsed.toISOString().slice(0, 10) !== date ? null : date
}

/** Whole years; who was born on 29 February is a year older on 1 March of other years. */
function age(born: string, today: string): number {
  const years = Number(today.slice(0, 4)) - Number(born.slice(0, 4))
  return today.slice(5) < born.slice(5) ? years - 1 : years
}
