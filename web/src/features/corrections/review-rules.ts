/** Who decides on a correction, and how its values read. */
import type { Schemas } from '@zhipei/api-client'

/** A new phone takes effect so long after it was agreed to; the server has the same rule. */
export const PHONE_WAITS_MS = 24 * 3_600_000

/** A phone or a document opens an account, or makes it another's: an institution has a say in it, and does not decide. */
export function decides(field: string, charge: Schemas['ChargeOut']): boolean {
  return field === 'name' || charge.institution_id === null
}

/** A document comes as `passport:E12345678`; all else as it is. */
export function valueParts(field: string, value: string): { kind: string | null; text: string } {
  const at = field === 'document' ? value.indexOf(':') : -1
  return at < 0 ? { kind: null, text: value } : { kind: value.slice(0, at), text: value.slice(at + 1) }
}
