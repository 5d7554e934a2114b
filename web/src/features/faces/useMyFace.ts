import { computed, ref } from 'vue'
import { bodyOf } from '@zhipei/api-client'
import { api } from '@/shared/api'
import { useFaceRefusal } from '@/shared/faces/useFaceRefusal'
import { useLoad } from '@/shared/useLoad'
import { agreedTo, stageOf } from './face-stage'

/** Whatever the page about one's own face knows: what is enrolled, what was agreed to, where the learner is. */
export function useMyFace() {
  const { refused } = useFaceRefusal()
  const load = useLoad(async () => {
    const [face, texts, given] = await Promise.all([
      bodyOf(api.GET('/api/me/face')),
      bodyOf(api.GET('/api/consent-texts')),
      bodyOf(api.GET('/api/me/consents')),
    ])
    return { face, texts: texts.items.filter((text) => text.about_faces), agreed: agreedTo(given.items) }
  })
  /** Before the camera; `again` replaces the face that is enrolled. */
  const enrolling = ref<'first' | 'again' | null>(null)
  const stage = computed(() => {
    const known = load.data.value
    return known ? stageOf(known.face, known.agreed, refused.value) : null
  })

  return { ...load, stage, enrolling }
}

export type MyFacePage = ReturnType<typeof useMyFace>
