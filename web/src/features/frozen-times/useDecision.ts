import { computed, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { ElMessage } from 'element-plus'
import 'element-plus/theme-chalk/el-message.css'
import type { Schemas } from '@zhipei/api-client'
import { api } from '@/shared/api'
import { isReason } from '@/shared/reason'
import { useSubmit } from '@/shared/useSubmit'
import { useWords } from '@/shared/useWords'
import { mayVoid } from './frozen-rules'

/** The word on one frozen time, with the reason that its learner reads. */
export function useDecision(time: Schemas['ReviewedTimeOut']) {
  const { t } = useI18n()
  const { moment } = useWords()
  const reason = ref('')
  const fault = ref('')
  const { busy, failure, submit } = useSubmit()
  const voidable = mayVoid(time, Date.now())
  /** Why it cannot be voided yet; empty where it can. */
  const awaited = computed(() => (voidable ? '' : t('desk.frozenTimes.awaited', { at: moment(time.appeal_until) })))

  async function decide(restore: boolean): Promise<boolean> {
    fault.value = isReason(reason.value) ? '' : t('problems.reason_invalid')
    if (fault.value) return false
    const body = { restore, reason: reason.value.trim() }
    const done = await submit(async () => void (await api.POST('/api/frozen-times/{id}/decide', { params: { path: { id: time.id } }, body })))
    if (done) ElMessage.success(t(restore ? 'desk.frozenTimes.restored' : 'desk.frozenTimes.voided'))
    return done
  }

  return { reason, fault, busy, failure, voidable, awaited, decide }
}
