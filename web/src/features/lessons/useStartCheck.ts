import { computed, ref, watch, type Ref } from 'vue'
import { bodyOf } from '@zhipei/api-client'
import { api } from '@/shared/api'
import { answerChallenge, failuresOf, faceHint } from '@/shared/faces/face-api'
import { useFaceCapture } from '@/shared/faces/useFaceCapture'
import { useMe } from '@/shared/useMe'
import { useSmsCode } from '@/shared/useSmsCode'
import { useSubmit } from '@/shared/useSubmit'

export type StartCheck = 'face' | 'code'

/** Who one is, before a lesson begins: by face, or by a code to one's own phone. `passed` opens the lesson again. */
export function useStartCheck(lesson: string, needed: Readonly<Ref<StartCheck | null>>, passed: () => void) {
  const { me } = useMe()
  const way = ref<StartCheck>('face')
  /** A code was given, and the face was asked for all the same. */
  const insists = ref(false)
  let gaveCode = false
  let challenge = ''

  watch(needed, (now) => {
    if (now === null) return
    insists.value = now === 'face' && gaveCode
    way.value = now
  }, { immediate: true })

  const face = useFaceCapture({
    async ask() {
      const { id, actions } = await bodyOf(api.POST('/api/face/challenges', { body: { purpose: 'lesson_start', lesson } }))
      challenge = id
      return actions
    },
    send: async (frames) => failuresOf(await answerChallenge(challenge, frames)),
    hint: faceHint,
    onPassed: passed,
  })

  const sms = useSmsCode(
    ({ captcha, captcha_id }) => api.POST('/api/learning/start-codes', { body: { captcha, captcha_id } }),
    me.value?.phone ?? '',
  )
  const { busy, failure, submit } = useSubmit((problem) => {
    if (problem.code !== 'code_wrong') return null
    sms.codeWrong()
    return ''
  })

  async function confirm(): Promise<void> {
    const proof = sms.proof()
    if (!proof) return
    const { ticket, code } = proof
    const done = await submit(async () => void (await api.POST('/api/learning/start-codes/confirm', { body: { ticket, code } })))
    if (!done) return
    gaveCode = true
    passed()
  }

  return { way, insists, face, sms, busy, failure, confirm, phone: computed(() => me.value?.phone ?? ''), turn: (to: StartCheck) => (way.value = to) }
}
