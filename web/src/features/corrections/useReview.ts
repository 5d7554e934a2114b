import { computed, ref, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { ElMessage } from 'element-plus'
import 'element-plus/theme-chalk/el-message.css'
import { bodyOf, type Schemas } from '@zhipei/api-client'
import { api } from '@/shared/api'
import { isReason } from '@/shared/reason'
import { useLoad } from '@/shared/useLoad'
import { useStaff } from '@/shared/useStaff'
import { useSubmit } from '@/shared/useSubmit'
import { useWords } from '@/shared/useWords'
import { decides, PHONE_WAITS_MS } from './review-rules'

/** One correction with those that wait beside it, and what who looks at it may do: decide, or say something. */
export function useReview(id: string) {
  const { t } = useI18n()
  const { moment } = useWords()
  const { staff } = useStaff()
  const path = { params: { path: { id } } }
  const load = useLoad(async () => {
    const one = await get(id)
    return { one, others: await Promise.all(one.others.map(get)) }
  })
  const mayDecide = computed(() => load.data.value !== null && staff.value !== null && decides(load.data.value.one.field, staff.value.charge))
  /** When a new phone would take effect. */
  const effectAt = computed(() => (load.data.value?.one.field === 'phone' ? moment(Date.now() + PHONE_WAITS_MS) : null))
  const words = ref('')
  const fault = ref('')
  const { busy, failure, submit } = useSubmit()
  // A later comment takes the place of the earlier: who mends it begins with that.
  watch(load.data, (now) => {
    if (now && !mayDecide.value && words.value === '') words.value = now.one.comment ?? ''
  })

  async function say(task: (said: string) => Promise<unknown>, done: () => string): Promise<boolean> {
    fault.value = isReason(words.value) ? '' : t('problems.reason_invalid')
    if (fault.value || !(await submit(async () => void (await task(words.value.trim()))))) return false
    ElMessage.success(done())
    return true
  }

  function decide(approved: boolean): Promise<boolean> {
    if (!approved) return say((reason) => api.POST('/api/corrections/{id}/refuse', { ...path, body: { reason } }), () => t('desk.corrections.refused'))
    const done = (): string => (effectAt.value === null ? t('desk.corrections.approved') : t('desk.corrections.agreed', { at: effectAt.value }))
    return say((reason) => api.POST('/api/corrections/{id}/approve', { ...path, body: { reason } }), done)
  }

  function comment(): Promise<boolean> {
    return say((said) => api.POST('/api/corrections/{id}/comment', { ...path, body: { comment: said } }), () => t('desk.corrections.commented'))
  }

  return { ...load, mayDecide, effectAt, words, fault, busy, failure, decide, comment }
}

function get(id: string): Promise<Schemas['ReviewDetailOut']> {
  return bodyOf(api.GET('/api/corrections/{id}', { params: { path: { id } } }))
}
