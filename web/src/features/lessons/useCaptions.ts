import { onScopeDispose, ref, watch, type Ref } from 'vue'

export interface Captions {
  available: Ref<boolean>
  on: Ref<boolean>
  /** What is being said. */
  line: Ref<string>
}

/** The words of the film, shown by the page itself: larger than the browser's own, and the same everywhere. */
export function useCaptions(element: Readonly<Ref<HTMLVideoElement | null>>): Captions {
  const available = ref(false)
  const on = ref(true)
  const line = ref('')
  let track: TextTrack | null = null

  const read = (): void => {
    const cues = track?.activeCues ? Array.from(track.activeCues) : []
    line.value = cues.map((cue) => ('text' in cue && typeof cue.text === 'string' ? cue.text.replace(/<[^>]+>/g, '') : '')).join('\n')
  }

  const take = (): void => {
    const found = element.value ? Array.from(element.value.textTracks).find((one) => one.kind === 'captions') : undefined
    if (!found || found === track) return
    track?.removeEventListener('cuechange', read)
    track = found
    track.mode = 'hidden'
    track.addEventListener('cuechange', read)
    available.value = true
  }

  watch(element, (now, before) => {
    before?.textTracks.removeEventListener('addtrack', take)
    now?.textTracks.addEventListener('addtrack', take)
    take()
  }, { immediate: true, flush: 'post' })

  onScopeDispose(() => track?.removeEventListener('cuechange', read))
  return { available, on, line }
}
