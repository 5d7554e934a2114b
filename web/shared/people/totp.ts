/** `JBSW Y3DP EHPK 3PXP`: in fours, for typing into an authenticator by hand. */
export function spacedSecret(secret: string): string {
  return secret.match(/.{1,4}/g)?.join(' ') ?? ''
}

/** Six digits out of what was typed or pasted. */
export function sixDigits(typed: string): string {
  return typed.normalize('NFKC').replaceAll(/\D/g, '').slice(0, 6)
}
