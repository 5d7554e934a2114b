import { reactive, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Schemas } from '@zhipei/api-client'
import { api } from '@/shared/api'
import { useFaceRefusal } from '@/shared/faces/useFaceRefusal'
import { useSubmit } from '@/shared/useSubmit'
import { mayCompare } from './face-stage'

/** Three decisions, none made beforehand. One that was made before stays as it was. */
export function useFaceConsents(texts: readonly Schemas['ConsentTextOut'][], before: ReadonlySet<string>, changed: () => void) {
  const { t } = useI18n()
  const { refuse, reconsider } = useFaceRefusal()
  const agreed = reactive(new Set(before))
  const fault = ref('')
  const { busy, failure, submit } = useSubmit()

  function agree(purpose: string, on: boolean): void {
    if (on) agreed.add(purpose)
    else agreed.delete(purpose)
    fault.value = ''
  }

  async function give(): Promise<void> {
    fault.value = mayCompare(agreed) ? '' : t('faces.consent.missing')
    if (fault.value) return
    const done = await submit(async () => {
      for (const { purpose, version } of texts) {
        if (agreed.has(purpose) && !before.has(purpose)) await api.POST('/api/me/consents', { body: { purpose, version } })
      }
    })
    if (done) reconsider()
    changed()
  }

  return { agreed, agree, fault, busy, failure, give, refuse }
}
