import { reactive, ref, shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { bodyOf, type ApiProblem, type Schemas } from '@zhipei/api-client'
import { api } from '@/shared/api'
import { formOf } from '@/shared/faces/face-api'
import { useFaceCapture } from '@/shared/faces/useFaceCapture'
import { useMe } from '@/shared/useMe'
import { useSubmit } from '@/shared/useSubmit'

/** The account first, then the camera. Whether there is such an account, or a face, nobody is told. */
export function useFaceLogin(loggedIn: () => Promise<void>) {
  const { t } = useI18n()
  const { know } = useMe()
  const step = ref<'account' | 'camera'>('account')
  const form = reactive({ account: '', captcha: '' })
  const fault = reactive({ account: '', captcha: '' })
  /** The picture to read, once too many tries came from this network. */
  const captcha = shallowRef<Schemas['CaptchaOut'] | null>(null)
  const { busy, failure, submit } = useSubmit()
  let id = ''

  const face = useFaceCapture({
    async ask() {
      const read = captcha.value ? { captcha_id: captcha.value.id, captcha: form.captcha.trim() } : {}
      const asked = await bodyOf(api.POST('/api/login/face', { body: { account: form.account.replaceAll(/\s/g, ''), ...read } }))
      id = asked.id
      // Good once.
      captcha.value = null
      return asked.actions
    },
    async send(frames) {
      know(await bodyOf(api.POST('/api/login/face/{id}/frames', { params: { path: { id } }, body: formOf(frames) })))
      return []
    },
    takes,
    onPassed: () => void loggedIn(),
  })

  function takes({ code }: ApiProblem): boolean {
    if (code !== 'captcha_required' && code !== 'captcha_wrong') return false
    fault.captcha = code === 'captcha_wrong' ? t('sms.captchaWrong') : ''
    step.value = 'account'
    void newCaptcha()
    return true
  }

  async function newCaptcha(): Promise<void> {
    form.captcha = ''
    await submit(async () => {
      captcha.value = await bodyOf(api.POST('/api/captchas'))
    })
  }

  function openCamera(): void {
    fault.account = form.account.trim() === '' ? t('faces.login.needAccount') : ''
    fault.captcha = captcha.value && form.captcha.trim() === '' ? t('sms.needCaptcha') : ''
    if (!fault.account && !fault.captcha) step.value = 'camera'
  }

  return { step, form, fault, captcha, busy, failure, face, newCaptcha, openCamera, change: () => (step.value = 'account') }
}
