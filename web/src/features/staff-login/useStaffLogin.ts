import { reactive, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRoute, useRouter } from 'vue-router'
import { bodyOf } from '@zhipei/api-client'
import { sixDigits } from '@zhipei/people'
import { api } from '@/shared/api'
import { endedBy, safeNext } from '@/shared/login-way'
import { useCaptcha } from '@/shared/useCaptcha'
import { useStaff } from '@/shared/useStaff'
import { useSubmit } from '@/shared/useSubmit'

export type StaffLoginStep = 'password' | 'code' | 'recovery'

export function useStaffLogin() {
  const { t } = useI18n()
  const route = useRoute()
  const router = useRouter()
  const { know } = useStaff()

  const step = ref<StaffLoginStep>('password')
  const form = reactive({ name: '', password: '', code: '', recovery: '' })
  const fault = reactive({ name: '', password: '', code: '', recovery: '' })
  const captcha = useCaptcha()
  const { busy, failure, submit } = useSubmit((problem) => {
    const { code } = problem
    if (captcha.settle(problem)) return ''
    if (code === 'login_failed') return t({ password: 'desk.login.failed', code: 'desk.login.codeFailed', recovery: 'desk.login.recoveryFailed' }[step.value])
    // The first step is good for five minutes.
    if (code === 'not_logged_in') {
      startAgain()
      return t('desk.login.codeLate')
    }
    return null
  })

  async function givePassword(): Promise<void> {
    fault.name = form.name.trim() === '' ? t('login.needName') : ''
    fault.password = form.password === '' ? t('login.needPassword') : ''
    const read = captcha.given()
    if (fault.name || fault.password || !read) return
    await submit(async () => {
      await bodyOf(api.POST('/api/staff/login', { body: { login_name: form.name.trim(), password: form.password, ...read } }))
      captcha.done()
      step.value = 'code'
    })
  }

  async function giveCode(): Promise<void> {
    const recovering = step.value === 'recovery'
    form.code = sixDigits(form.code)
    fault.code = !recovering && form.code.length !== 6 ? t('desk.login.needCode') : ''
    fault.recovery = recovering && form.recovery.trim() === '' ? t('desk.login.needRecovery') : ''
    if (fault.code || fault.recovery) return
    const body = recovering ? { recovery_code: form.recovery.trim() } : { code: form.code }
    const done = await submit(async () => {
      know(await bodyOf(api.POST('/api/staff/login/code', { body })))
      await router.replace(safeNext(route.query.next, '/desk'))
    })
    if (!done) form.code = ''
  }

  function go(to: StaffLoginStep): void {
    step.value = to
    failure.value = ''
  }

  function startAgain(): void {
    Object.assign(form, { password: '', code: '', recovery: '' })
    step.value = 'password'
  }

  return { step, form, fault, captcha, busy, failure, ended: endedBy(route.query.ended), givePassword, giveCode, go, startAgain }
}
