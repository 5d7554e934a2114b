import { reactive, shallowRef, type Ref, type ShallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { bodyOf, UNREACHABLE, type ApiProblem, type Schemas } from '@zhipei/api-client'
import { api } from './api'
import { useSubmit } from './useSubmit'

/** What was read of a picture, as a part of a request; empty while none is asked for. */
export type CaptchaRead = { captcha_id?: string; captcha?: string }

export interface Captcha {
  /** The picture to read, once the server asks for one. */
  picture: ShallowRef<Schemas['CaptchaOut'] | null>
  form: { text: string; fault: string }
  failure: Ref<string>
  /** Another picture. */
  renew: () => Promise<void>
  /** What was read; null, with the fault said, while something is to be read first. */
  given: () => CaptchaRead | null
  /** Is the problem one of the picture? Then all is said beside it. */
  settle: (problem: ApiProblem) => boolean
  /** The request went through: there is nothing more to read. */
  done: () => void
}

/** A picture to read where the server wants one, because of what came from this network before. */
export function useCaptcha(): Captcha {
  const { t } = useI18n()
  const picture = shallowRef<Schemas['CaptchaOut'] | null>(null)
  const form = reactive({ text: '', fault: '' })
  const { failure, submit } = useSubmit()

  async function renew(): Promise<void> {
    Object.assign(form, { text: '', fault: '' })
    await submit(async () => {
      picture.value = await bodyOf(api.POST('/api/captchas'))
    })
  }

  function given(): CaptchaRead | null {
    form.fault = picture.value && form.text.trim() === '' ? t('sms.needCaptcha') : ''
    if (form.fault) return null
    return picture.value ? { captcha_id: picture.value.id, captcha: form.text.trim() } : {}
  }

  function settle({ code }: ApiProblem): boolean {
    const asked = code === 'captcha_required' || code === 'captcha_wrong'
    // A picture is good once, whatever else the request failed for.
    if (asked || (picture.value && code !== UNREACHABLE)) void renew()
    if (code === 'captcha_wrong') form.fault = t('sms.captchaWrong')
    return asked
  }

  function done(): void {
    picture.value = null
    Object.assign(form, { text: '', fault: '' })
  }

  return { picture, form, failure, renew, given, settle, done }
}
