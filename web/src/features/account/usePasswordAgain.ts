import { reactive } from 'vue'
import { useI18n } from 'vue-i18n'
import { useSubmit } from '@/shared/useSubmit'

/** Asks for the password once more before `task`, which takes it. */
export function usePasswordAgain(task: (password: string) => Promise<void>) {
  const { t } = useI18n()
  const form = reactive({ password: '', fault: '' })
  const { busy, failure, submit } = useSubmit(({ code }) => {
    if (code !== 'login_failed') return null
    Object.assign(form, { password: '', fault: t('problems.wrong_password') })
    return ''
  })

  async function confirm(): Promise<boolean> {
    form.fault = form.password === '' ? t('account.needed') : ''
    if (form.fault) return false
    const done = await submit(() => task(form.password))
    if (done) form.password = ''
    return done
  }

  return { form, busy, failure, confirm }
}
