import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Schemas } from '@zhipei/api-client'
import { useRegions } from './useRegions'
import { useStaff } from './useStaff'

interface UseCharge {
  /** Of what who is logged in is in charge, in words: `琼海市 · 469002`. */
  charge: ComputedRef<string>
  chargeWord: (charge: Schemas['ChargeOut']) => string
  ensureCharge: () => Promise<void>
}

/** What an account of staff is in charge of. */
export function useCharge(): UseCharge {
  const { t } = useI18n()
  const { staff } = useStaff()
  const { nameOf, ensureRegions } = useRegions()

  function chargeWord({ region, institution_id }: Schemas['ChargeOut']): string {
    if (region !== null) return `${nameOf(region)} · ${region}`
    return t(institution_id === null ? 'desk.platform' : 'desk.institution')
  }

  return { charge: computed(() => (staff.value ? chargeWord(staff.value.charge) : '')), chargeWord, ensureCharge: ensureRegions }
}
