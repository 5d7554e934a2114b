/** Mobile numbers of the mainland. */

/** Digits alone; a leading +86 and what people put between are dropped. */
export function normalPhone(typed: string): string {
  const digits = typed.normalize('NFKC').replaceAll(/[\s()-]/g, '')
  return digits.replace(/^(\+|00)?86(?=1\d{10}$)/, '')
}

export function isPhone(typed: string): boolean {
  return /^1[3-9]\d{9}$/.test(normalPhone(typed))
}

/** `138 1234 5678`, as far as it is typed. */
export function spacedPhone(typed: string): string {
  const digits = normalPhone(typed).replaceAll(/\D/g, '').slice(0, 11)
  return [digits.slice(0, 3), digits.slice(3, 7), digits.slice(7)].filter(Boolean).join(' ')
}

/** `138****5678` */
export function maskedPhone(typed: string): string {
  const digits = normalPhone(typed)
  return digits.length === 11 ? `${digits.slice(0, 3)}****${digits.slice(7)}` : digits
}
