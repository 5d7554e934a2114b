/** An invitation code: ten letters and digits, written `ABCDE-FGHJK`; a QR code carries the address of the page with it. */
const LETTERS = /^[2-9A-HJ-NP-Z]{10}$/

/** Out of what was typed, pasted or scanned, be it the code or the whole address; null where there is none. */
export function invitationCode(typed: string): string | null {
  const last = typed.trim().split('/').at(-1) ?? ''
  const code = last.normalize('NFKC').replaceAll(/[\s-]/g, '').toUpperCase()
  return LETTERS.test(code) ? `${code.slice(0, 5)}-${code.slice(5)}` : null
}

/** What a QR code on paper says. */
export function invitationAddress(origin: string, code: string): string {
  return `${origin}/join/${code}`
}
