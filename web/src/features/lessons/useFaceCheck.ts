import { bodyOf } from '@zhipei/api-client'
import { api } from '@/shared/api'
import { failuresOf, faceHint, formOf } from '@/shared/faces/face-api'
import { useFaceCapture, type FaceCapture } from '@/shared/faces/useFaceCapture'
import type { Check } from './useCheck'

/** The frames for a check on the screen. What came of it the session says; here is only why not. */
export function useFaceCheck({ view }: Check): FaceCapture {
  /** Of the question whose actions are shown; a new try has a new one. */
  let nonce = ''
  return useFaceCapture({
    async ask() {
      const prompt = view.value?.prompt
      nonce = prompt?.nonce ?? ''
      return prompt?.actions ?? []
    },
    async send(frames) {
      return failuresOf(await bodyOf(api.POST('/api/learning/checks/{nonce}/frames', { params: { path: { nonce } }, body: formOf(frames) })))
    },
    hint: faceHint,
  })
}
