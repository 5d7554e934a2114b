import { reactive, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRoute, useRouter } from 'vue-router'
import { ApiProblem, UNREACHABLE } from '@zhipei/api-client'
import { endedBy, safeNext } from '@/shared/login-way'
import { useMe } from '@/shared/useMe'
import { useWords } from '@/shared/useWords'

export function useLogin() {
  const { t } = useI18n()
  const { problem } = useWords()
  const { logIn } = useMe()
  const route = useRoute()
  const router = useRouter()

  const form = reactive({ name: '', password: '' })
  const missing = reactive({ name: '', password: '' })
  const failure = ref('')
  const busy = ref(false)

  async function submit(): Promise<void> {
    missing.name = form.name.trim() === '' ? t('login.needName') : ''
    missing.password = form.password === '' ? t('login.needPassword') : ''
    if (busy.value || missing.name || missing.password) return
    busy.value = true
    failure.value = ''
    try {
      await logIn(form.name.trim(), form.password)
      await router.replace(safeNext(route.query.next))
    } catch (error) {
      failure.value = problem(error instanceof ApiProblem ? error : new ApiProblem(0, UNREACHABLE, ''))
    } finally {
      busy.value = false
    }
  }

  return { form, missing, failure, busy, ended: endedBy(route.query.ended), submit }
}
