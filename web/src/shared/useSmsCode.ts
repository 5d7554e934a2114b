import { onScopeDispose, reactive, ref, watch, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { bodyOf, type Schemas } from '@zhipei/api-client'
import { isPhone, normalPhone, sixDigits } from '@zhipei/people'
import { useCaptcha, type Captcha } from './useCaptcha'
import { useSubmit } from './useSubmit'

export interface PhoneProof {
  phone: string
  ticket: string
  code: string
}

export interface SmsCode {
  /** The phone that the server knows already, masked; it is not typed then. */
  known: string | null
  form: { phone: string; code: string }
  fault: { phone: string; code: string }
  /** Where many codes were asked for from this network. */
  captcha: Captcha
  /** A code is on its way, or was. */
  sent: Ref<boolean>
  /** Seconds until another code may be asked for. */
  left: Ref<number>
  asking: Ref<boolean>
  failure: Ref<string>
  ask: () => Promise<void>
  /** What proves the phone; null, with the fault said, while something is missing. */
  proof: () => PhoneProof | null
  codeWrong: () => void
  /** It was redeemed, for nothing: another one is to be asked for. */
  codeUsed: () => void
}

/** A phone and the code that was sent to it; `send` says what the code is for. */
export function useSmsCode(send: (body: Schemas['SmsCodeIn']) => Promise<{ data?: Schemas['CodeSentOut'] }>, known: string | null = null): SmsCode {
  const { t } = useI18n()
  const form = reactive({ phone: '', code: '' })
  const fault = reactive({ phone: '', code: '' })
  const captcha = useCaptcha()
  const ticket = ref<string | null>(null)
  const sent = ref(false)
  const left = ref(0)
  let used = false
  let until = 0
  let timer: ReturnType<typeof setInterval> | undefined
  const { busy: asking, failure, submit } = useSubmit((problem) => {
    if (captcha.settle(problem)) return ''
    if (problem.code === 'phone_invalid') {
      fault.phone = t('sms.phoneWrong')
      return ''
    }
    if (problem.code !== 'too_many_codes' || problem.retryAfter === null) return null
    countDown(problem.retryAfter)
    return problem.retryAfter <= 60 ? t('sms.waitSeconds', { n: problem.retryAfter }) : t('sms.waitMinutes', { n: Math.ceil(problem.retryAfter / 60) })
  })

  // A code is for the phone it was sent to.
  watch(() => normalPhone(form.phone), () => {
    ticket.value = null
    sent.value = false
  })

  const phoneFault = (): string => (known !== null || isPhone(form.phone) ? '' : t('sms.phoneWrong'))

  async function ask(): Promise<void> {
    Object.assign(fault, { phone: phoneFault(), code: '' })
    const read = captcha.given()
    if (fault.phone || !read || left.value > 0) return
    await submit(async () => {
      const answer = await bodyOf(send({ phone: normalPhone(form.phone), ...read }))
      ticket.value = answer.ticket
      sent.value = true
      used = false
      form.code = ''
      captcha.done()
      countDown(answer.resend_after_s)
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
    fault.code = ticket.value === null ? t(used ? 'sms.askAnother' : 'sms.askFirst') : form.code.length === 6 ? '' : t('sms.needCode')
    if (fault.phone || fault.code || ticket.value === null) return null
    return { phone: normalPhone(form.phone), ticket: ticket.value, code: form.code }
  }

  function codeWrong(): void {
    form.code = ''
    fault.code = t('problems.code_wrong')
  }

  function codeUsed(): void {
    form.code = ''
    ticket.value = null
    sent.value = false
    used = true
  }

  onScopeDispose(() => clearInterval(timer))
  return { known, form, fault, captcha, sent, left, asking, failure, ask, proof, codeWrong, codeUsed }
}
