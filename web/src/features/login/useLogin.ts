import { reactive, ref, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRoute, useRouter } from 'vue-router'
import { bodyOf } from '@zhipei/api-client'
import { api } from '@/shared/api'
import { endedBy, safeNext } from '@/shared/login-way'
import { useCaptcha } from '@/shared/useCaptcha'
import { useMe } from '@/shared/useMe'
import { useSmsCode } from '@/shared/useSmsCode'
import { useSubmit } from '@/shared/useSubmit'

const LOGIN_WAYS = ['password', 'code', 'face'] as const
export type LoginWay = (typeof LOGIN_WAYS)[number]

export function useLogin() {
  const { t } = useI18n()
  const { logIn, know } = useMe()
  const route = useRoute()
  const router = useRouter()

  const way = ref<LoginWay>(LOGIN_WAYS.find((one) => one === route.query.way) ?? 'password')
  const form = reactive({ name: '', password: '' })
  const missing = reactive({ name: '', password: '' })
  const sms = useSmsCode((body) => api.POST('/api/login/codes', { body }))
  const captcha = useCaptcha()
  const { busy, failure, submit } = useSubmit((problem) => {
    if (captcha.settle(problem)) return ''
    if (problem.code !== 'login_failed' || way.value === 'password') return null
    sms.form.code = ''
    return t('login.codeFailed')
  })
  watch(way, () => (failure.value = ''))

  async function logInByPassword(): Promise<void> {
    missing.name = form.name.trim() === '' ? t('login.needName') : ''
    missing.password = form.password === '' ? t('login.needPassword') : ''
    const read = captcha.given()
    if (missing.name || missing.password || !read) return
    await submit(async () => {
      await logIn(form.name.trim(), form.password, read)
      await goOn()
    })
  }

  async function logInByCode(): Promise<void> {
    const proof = sms.proof()
    const read = captcha.given()
    if (!proof || !read) return
    await submit(async () => {
      know(await bodyOf(api.POST('/api/login/code', { body: { ...proof, ...read } })))
      await goOn()
    })
  }

  async function goOn(): Promise<void> {
    await router.replace(safeNext(route.query.next))
  }

  const next = typeof route.query.next === 'string' ? safeNext(route.query.next) : null
  return { way, form, missing, sms, captcha, failure, busy, ended: endedBy(route.query.ended), next, logInByPassword, logInByCode, goOn }
}
