import { reactive, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { bodyOf } from '@zhipei/api-client'
import { sixDigits } from '@zhipei/people'
import { api } from '@/shared/api'
import { useLoad } from '@/shared/useLoad'
import { useSubmit } from '@/shared/useSubmit'

const TOKEN = /^[0-9a-f]{64}$/i

/** A one-time link: its token stands behind `#`, which no server and no log ever sees. */
export function useStaffLink() {
  const { t } = useI18n()
  const router = useRouter()
  const token = location.hash.slice(1)
  const whole = TOKEN.test(token)

  const { data, error, wait, reload } = useLoad(async () =>
    whole ? bodyOf(api.POST('/api/staff/links/open', { body: { token } })) : null,
  )
  const step = ref(0)
  const form = reactive({ password: '', kept: false, code: '' })
  const fault = reactive({ password: '', code: '' })
  const recoveryCodes = ref<string[]>([])
  const { busy, failure, submit } = useSubmit((problem) => {
    if (problem.code === 'weak_password') {
      step.value = 0
      fault.password = problem.title
      return ''
    }
    if (problem.code === 'totp_wrong') {
      form.code = ''
      fault.code = t('problems.totp_wrong')
      return ''
    }
    return null
  })

  function choosePassword(): void {
    fault.password = form.kept ? '' : t('desk.join.passwordWeak')
    if (form.kept) step.value = 1
  }

  async function accept(): Promise<void> {
    form.code = sixDigits(form.code)
    fault.code = form.code.length === 6 ? '' : t('desk.login.needCode')
    if (fault.code) return
    await submit(async () => {
      const body = { token, password: form.password, code: form.code }
      recoveryCodes.value = (await bodyOf(api.POST('/api/staff/links/accept', { body }))).recovery_codes
      form.password = ''
      step.value = 2
      // The link is used up; a reload shall not find it in the address.
      await router.replace('/staff/join')
    })
  }

  return { whole, link: data, error, wait, reload, step, form, fault, recoveryCodes, busy, failure, choosePassword, accept }
}
