import { reactive, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { ApiProblem, UNREACHABLE } from '@zhipei/api-client'
import { api } from '@/shared/api'
import { useWords } from '@/shared/useWords'

export function usePassword(saved: () => void) {
  const { t } = useI18n()
  const { problem } = useWords()

  const form = reactive({ current: '', next: '', repeat: '' })
  const missing = reactive({ current: '', next: '', repeat: '' })
  const failure = ref('')
  const busy = ref(false)

  async function submit(): Promise<void> {
    missing.current = form.current === '' ? t('account.needed') : ''
    missing.next = form.next === '' ? t('account.needed') : ''
    missing.repeat = form.repeat === form.next ? '' : t('account.mismatch')
    if (busy.value || missing.current || missing.next || missing.repeat) return
    busy.value = true
    failure.value = ''
    try {
      await api.POST('/api/me/password', { body: { current: form.current, new: form.next } })
      Object.assign(form, { current: '', next: '', repeat: '' })
      saved()
    } catch (error) {
      const given = error instanceof ApiProblem ? error : new ApiProblem(0, UNREACHABLE, '')
      failure.value = given.code === 'login_failed' ? t('problems.wrong_password') : problem(given)
    } finally {
      busy.value = false
    }
  }

  return { form, missing, failure, busy, submit }
}
