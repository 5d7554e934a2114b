import type { Schemas } from '@zhipei/api-client'

/** What became of a correction. A new phone that was agreed to is neither waited for nor done before its time. */
export function correctionState({ state, takes_effect_at }: Pick<Schemas['CorrectionOut'], 'state' | 'takes_effect_at'>): string {
  return state === 'approved' && takes_effect_at !== null ? 'agreed' : state
}

/** May whoever has the account still object to it? Only a phone can be asked for by a stranger. */
export function canObject(correction: Schemas['CorrectionOut']): boolean {
  return correction.field === 'phone' && ['pending', 'agreed'].includes(correctionState(correction))
}
