/** What a new password must be, as `crates/domain/src/password.rs` has it; said while it is typed. The server decides. */

export interface PasswordRule {
  name: 'length' | 'kinds' | 'common'
  kept: boolean
}

export interface PasswordTerms {
  /** Staff's passwords are longer and mixed (GB/T 22239-2019, 身份鉴别 a). */
  staff: boolean
  loginName: string
  /** `common_passwords.txt`, a word a line; none until it is fetched. */
  common: ReadonlySet<string>
}

const LEARNER_LEAST = 8
const STAFF_LEAST = 12
const MOST = 128

/** Each rule, and whether the password keeps it. */
export function passwordRules(password: string, terms: PasswordTerms): PasswordRule[] {
  const length = [...password].length
  const least = terms.staff ? STAFF_LEAST : LEARNER_LEAST
  const long: PasswordRule = { name: 'length', kept: length >= least && length <= MOST }
  const uncommon: PasswordRule = { name: 'common', kept: length >= least && !isCommon(password, terms) }
  if (!terms.staff) return [long, uncommon]
  return [long, { name: 'kinds', kept: kinds(password) >= 3 }, uncommon]
}

export function isGoodPassword(password: string, terms: PasswordTerms): boolean {
  return passwordRules(password, terms).every((rule) => rule.kept)
}

function kinds(password: string): number {
  return [/[A-Z]/, /[a-z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((kind) => kind.test(password)).length
}

/** A common word, once or repeated, with the digits and marks that people add before or after it. */
function isCommon(password: string, { loginName, common }: PasswordTerms): boolean {
  const lower = password.toLowerCase()
  const listed = (word: string): boolean => (word !== '' && word === loginName.toLowerCase()) || common.has(word)
  const word = undecorated(lower)
  const decoration = [...lower].length - [...word].length
  const half = twice(lower)
  return (
    new Set(lower).size <= 3 ||
    isWalk(lower) ||
    isBirthday(lower) ||
    listed(lower) ||
    (decoration <= 8 && (word === '' || listed(word))) ||
    (half !== null && listed(undecorated(half)))
  )
}

function undecorated(text: string): string {
  return text.replace(/^\P{Alphabetic}+/u, '').replace(/\P{Alphabetic}+$/u, '')
}

/** Each character follows its neighbour by the same step: `abcdefgh`, `87654321`. */
function isWalk(text: string): boolean {
  const codes = [...text].map((one) => one.codePointAt(0) ?? 0)
  const steps = codes.slice(1).map((code, at) => code - (codes[at] ?? 0))
  return steps.slice(1).every((step, at) => step === steps[at] && Math.abs(step) <= 1)
}

/** Eight digits that name a day (19900215), with letters around them or without. */
function isBirthday(text: string): boolean {
  const digits = text.replaceAll(/[^0-9]/g, '')
  const [month, day] = [digits.slice(4, 6), digits.slice(6, 8)]
  return (
    digits.length === 8 &&
    [...text].length - digits.length <= 3 &&
    digits >= '19000101' && digits <= '20401231' &&
    month >= '01' && month <= '12' &&
    day >= '01' && day <= '31'
  )
}

/** The half of a text that is the same thing twice. */
function twice(text: string): string | null {
  const half = text.length / 2
  return Number.isInteger(half) && text.slice(0, half) === text.slice(half) ? text.slice(0, half) : null
}
