import { readonly, ref, type Ref } from 'vue'
import { bodyOf } from '@zhipei/api-client'
import { api, type Me } from './api'
import type { CaptchaRead } from './useCaptcha'
import { usePreferences } from './usePreferences'

const me = ref<Me | null>(null)
let asked: Promise<Me> | null = null

interface UseMe {
  me: Readonly<Ref<Me | null>>
  ensureMe: () => Promise<Me>
  logIn: (loginName: string, password: string, read: CaptchaRead) => Promise<Me>
  /** Somebody logged in by another way. */
  know: (who: Me) => Me
  logOut: () => Promise<void>
  forgetMe: () => void
}

/** Who is logged in. Asked once; the cookie itself is out of our reach. */
export function useMe(): UseMe {
  return { me: readonly(me) as Readonly<Ref<Me | null>>, ensureMe, logIn, know, logOut, forgetMe }
}

async function ensureMe(): Promise<Me> {
  if (me.value) return me.value
  asked ??= bodyOf(api.GET('/api/me')).finally(() => {
    asked = null
  })
  return know(await asked)
}

async function logIn(loginName: string, password: string, read: CaptchaRead): Promise<Me> {
  return know(await bodyOf(api.POST('/api/login', { body: { login_name: loginName, password, ...read } })))
}

async function logOut(): Promise<void> {
  await api.POST('/api/logout')
  forgetMe()
}

function forgetMe(): void {
  me.value = null
}

function know(who: Me): Me {
  me.value = who
  usePreferences().belongTo(who.id)
  return who
}
