import { ref, shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { bodyOf, type Schemas } from '@zhipei/api-client'
import { api } from '@/shared/api'
import { isReason } from '@/shared/reason'
import { useSubmit } from '@/shared/useSubmit'

/** A learner without masks, for a reason that is kept. It is forgotten with the page. */
export function useReveal(id: string) {
  const { t } = useI18n()
  const whole = shallowRef<Schemas['RevealedLearnerOut'] | null>(null)
  const asking = ref(false)
  const reason = ref('')
  const fault = ref('')
  const { busy, failure, submit } = useSubmit()

  async function reveal(): Promise<void> {
    fault.value = isReason(reason.value) ? '' : t('problems.reason_invalid')
    if (fault.value) return
    const body = { reason: reason.value.trim() }
    const done = await submit(async () => {
      whole.value = await bodyOf(api.POST('/api/supervision/learners/{id}/reveal', { params: { path: { id } }, body }))
    })
    if (done) asking.value = false
  }

  return { whole, asking, reason, fault, busy, failure, reveal }
}
