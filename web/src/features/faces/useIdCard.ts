import { onScopeDispose, ref, shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { CARD_QUALITY, CARD_SIDE, CameraError, openCamera, shrunk, troubleOf, type Camera, type CameraTrouble } from '@zhipei/face-capture'
import { api } from '@/shared/api'
import { formOf } from '@/shared/faces/face-api'
import { useSubmit } from '@/shared/useSubmit'

/** The ID card's photograph, from the camera or a file, held against the enrolled face. */
export function useIdCard(matched: () => void) {
  const { t } = useI18n()
  const shooting = ref(false)
  const trouble = ref<CameraTrouble | null>(null)
  const picture = shallowRef<Blob | null>(null)
  const shown = ref('')
  let camera: Camera | null = null
  let opening: AbortController | null = null
  const { busy, failure, submit } = useSubmit(({ code }) => (code === 'id_card_mismatch' ? t('faces.card.mismatch') : null))

  function shoot(): void {
    drop()
    trouble.value = null
    shooting.value = true
  }

  async function open(video: HTMLVideoElement): Promise<void> {
    opening = new AbortController()
    const { signal } = opening
    try {
      camera = await openCamera(video, { facing: 'environment', side: CARD_SIDE, quality: CARD_QUALITY, signal, onLost: () => fail(new CameraError('lost')) })
    } catch (error) {
      if (!signal.aborted) fail(error)
    }
  }

  function fail(error: unknown): void {
    close()
    trouble.value = troubleOf(error)
  }

  async function take(): Promise<void> {
    if (!camera) return
    try {
      keep(await camera.frame())
      close()
    } catch (error) {
      fail(error)
    }
  }

  async function choose(file: File): Promise<void> {
    close()
    trouble.value = null
    keep(await shrunk(file))
  }

  function keep(blob: Blob): void {
    drop()
    picture.value = blob
    shown.value = URL.createObjectURL(blob)
  }

  function drop(): void {
    if (shown.value) URL.revokeObjectURL(shown.value)
    shown.value = ''
    picture.value = null
    failure.value = ''
  }

  function close(): void {
    opening?.abort()
    opening = null
    camera?.stop()
    camera = null
    shooting.value = false
  }

  async function send(): Promise<void> {
    const card = picture.value
    if (!card) return
    const done = await submit(async () => void (await api.POST('/api/me/face/id-card', { body: formOf([card]) })))
    if (!done) return
    drop()
    matched()
  }

  onScopeDispose(() => {
    close()
    drop()
  })
  return { shooting, trouble, shown, busy, failure, shoot, open, take, choose, close, send }
}
