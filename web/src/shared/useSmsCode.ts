import { onScopeDispose, reactive, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { bodyOf, type Schemas } from '@zhipei/api-client'
import { isPhone, normalPhone, sixDigits } from '@zhipei/people'
import { api } from './api'
import { useSubmit } from './useSubmit'

export interface PhoneProof {
  phone: string
  ticket: string
  code: string
}

export interface SmsCode {
  /** The phone that the server knows already, masked; it is not typed then. */
  known: string | null
  form: { phone: string; code: string; captcha: string }
  fault: { phone: string; code: string; captcha: string }
  /** The picture to read, once too many codes were asked for from this network. */
  captcha: ShallowRef<Schemas['CaptchaOut'] | null>
  /** A code is on its way, or was. */
  sent: Ref<boolean>
  /** Seconds until another code may be asked for. */
  left: Ref<number>
  asking: Ref<boolean>
  failure: Ref<string>
  ask: () => Promise<void>
  newCaptcha: () => Promise<void>
  /** What proves the phone; null, with the fault said, while something is missing. */
  proof: () => PhoneProof | null
  codeWrong: () => void
}

/** A phone and the code that was sent to it; `send` says what the code is for. */
export function useSmsCode(send: (body: Schemas['SmsCodeIn']) => Promise<{ data?: Schemas['CodeSentOut'] }>, known: string | null = null): SmsCode {
  const { t } = useI18n()
  const form = reactive({ phone: '', code: '', captcha: '' })
  const fault = reactive({ phone: '', code: '', captcha: '' })
  const captcha = shallowRef<Schemas['CaptchaOut'] | null>(null)
  const ticket = ref<string | null>(null)
  const sent = ref(false)
  const left = ref(0)
  let until = 0
  let timer: ReturnType<typeof setInterval> | undefined
  let captchaWanted = false
  const { busy: asking, failure, submit } = useSubmit((problem) => {
    if (problem.code === 'phone_invalid') fault.phone = t('sms.phoneWrong')
    else if (problem.code === 'captcha_wrong') fault.captcha = t('sms.captchaWrong')
    else if (problem.code === 'too_many_codes' && problem.retryAfter !== null) {
      countDown(problem.retryAfter)
      return problem.retryAfter <= 60 ? t('sms.waitSeconds', { n: problem.retryAfter }) : t('sms.waitMinutes', { n: Math.ceil(problem.retryAfter / 60) })
    } else if (problem.code !== 'captcha_required') return null
    captchaWanted = problem.code === 'captcha_required' || problem.code === 'captcha_wrong'
    return ''
  })

  // A code is for the phone it was sent to.
  watch(() => normalPhone(form.phone), () => {
    ticket.value = null
    sent.value = false
  })

  const phoneFault = (): string => (known !== null || isPhone(form.phone) ? '' : t('sms.phoneWrong'))

  async function ask(): Promise<void> {
    Object.assign(fault, { phone: phoneFault(), code: '', captcha: captcha.value && form.captcha.trim() === '' ? t('sms.needCaptcha') : '' })
    if (fault.phone || fault.captcha || left.value > 0) return
    captchaWanted = false
    const read = captcha.value ? { captcha_id: captcha.value.id, captcha: form.captcha.trim() } : {}
    await submit(async () => {
      const answer = await bodyOf(send({ phone: normalPhone(form.phone), ...read }))
      ticket.value = answer.ticket
      sent.value = true
      form.code = ''
      captcha.value = null
      form.captcha = ''
      countDown(answer.resend_after_s)
    })
    if (captchaWanted) await newCaptcha()
  }

  async function newCaptcha(): Promise<void> {
    form.captcha = ''
    await submit(async () => {
      captcha.value = await bodyOf(api.POST('/api/captchas'))
    })
  }

  function countDown(seconds: number): void {
    until = Date.now() + seconds * 1000
    clearInterval(timer)
    const tick = (): void => {
      left.value = Math.max(0, Math.ceil((until - Date.now()) / 1000))
      if (left.value > 0) return
      clearInterval(timer)
      // What said how long to wait is over.
      failure.value = ''
    }
    tick()
    timer = setInterval(tick, 500)
  }

  function proof(): PhoneProof | null {
    form.code = sixDigits(form.code)
    fault.phone = phoneFault()
    fault.code = ticket.value === null ? t('sms.askFirst') : form.code.length === 6 ? '' : t('sms.needCode')
    if (fault.phone || fault.code || ticket.value === null) return null
    return { phone: normalPhone(form.phone), ticket: ticket.value, code: form.code }
  }

  function codeWrong(): void {
    form.code = ''
    fault.code = t('problems.code_wrong')
  }

  onScopeDispose(() => clearInterval(timer))
  return { known, form, fault, captcha, sent, left, asking, failure, ask, newCaptcha, proof, codeWrong }
}
