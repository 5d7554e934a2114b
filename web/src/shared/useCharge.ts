import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Schemas } from '@zhipei/api-client'
import { useRegions } from './useRegions'
import { useStaff } from './useStaff'

interface UseCharge {
  /** Of what who is logged in is in charge: `琼海市 · 469002`. */
  charge: ComputedRef<string>
  /** The same inside a sentence: `琼海市`. */
  chargeName: ComputedRef<string>
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

  const chargeName = computed(() => {
    const region = staff.value?.charge.region ?? null
    return region === null ? charge.value : nameOf(region)
  })
  const charge = computed(() => (staff.value ? chargeWord(staff.value.charge) : ''))
  return { charge, chargeName, chargeWord, ensureCharge: ensureRegions }
}
