import { reactive, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { bodyOf } from '@zhipei/api-client'
import { api } from '@/shared/api'
import { answerChallenge, failuresOf, faceHint, type FaceChallenge } from '@/shared/faces/face-api'
import { useFaceCapture } from '@/shared/faces/useFaceCapture'
import { useSubmit } from '@/shared/useSubmit'

/** A challenge asked for earlier is used while there is this much of its time left: the actions take about ten seconds. */
const NEEDED_MS = 25_000

export type EnrolmentStep = 'password' | 'camera' | 'done'

/** Taking a face: the password first where another is replaced, then the camera. */
export function useEnrolment(replaces: boolean) {
  const { t } = useI18n()
  const step = ref<EnrolmentStep>(replaces ? 'password' : 'camera')
  const form = reactive({ password: '', fault: '' })
  let ready: { challenge: FaceChallenge; until: number } | null = null
  let id = ''
  const { busy, failure, submit } = useSubmit((problem) => {
    if (problem.code !== 'login_failed') return null
    form.fault = t('problems.wrong_password')
    return ''
  })

  async function challenge(): Promise<FaceChallenge> {
    const password = form.password === '' ? {} : { password: form.password }
    return bodyOf(api.POST('/api/face/challenges', { body: { purpose: 'enrolment', ...password } }))
  }

  /** A wrong password is told before anybody looks into a camera. */
  async function givePassword(): Promise<void> {
    form.fault = form.password === '' ? t('account.needed') : ''
    if (form.fault) return
    await submit(async () => {
      const asked = await challenge()
      ready = { challenge: asked, until: performance.now() + asked.expires_in_ms }
      step.value = 'camera'
    })
  }

  const face = useFaceCapture({
    async ask() {
      const kept = ready && ready.until - performance.now() > NEEDED_MS ? ready.challenge : null
      ready = null
      const asked = kept ?? (await challenge())
      id = asked.id
      return asked.actions
    },
    send: async (frames) => failuresOf(await answerChallenge(id, frames)),
    hint: faceHint,
    onPassed: () => {
      form.password = ''
      step.value = 'done'
    },
  })

  return { step, form, busy, failure, givePassword, face }
}
