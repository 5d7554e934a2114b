import { reactive, ref, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRoute, useRouter } from 'vue-router'
import { bodyOf } from '@zhipei/api-client'
import { api } from '@/shared/api'
import { endedBy, safeNext } from '@/shared/login-way'
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
  const { busy, failure, submit } = useSubmit(({ code }) => (code === 'login_failed' && way.value === 'code' ? t('login.codeFailed') : null))
  watch(way, () => (failure.value = ''))

  async function logInByPassword(): Promise<void> {
    missing.name = form.name.trim() === '' ? t('login.needName') : ''
    missing.password = form.password === '' ? t('login.needPassword') : ''
    if (missing.name || missing.password) return
    await submit(async () => {
      await logIn(form.name.trim(), form.password)
      await goOn()
    })
  }

  async function logInByCode(): Promise<void> {
    const proof = sms.proof()
    if (!proof) return
    const done = await submit(async () => {
      know(await bodyOf(api.POST('/api/login/code', { body: proof })))
      await goOn()
    })
    if (!done) sms.form.code = ''
  }

  async function goOn(): Promise<void> {
    await router.replace(safeNext(route.query.next))
  }

  const next = typeof route.query.next === 'string' ? safeNext(route.query.next) : null
  return { way, form, missing, sms, failure, busy, ended: endedBy(route.query.ended), next, logInByPassword, logInByCode, goOn }
}
