import { onScopeDispose, readonly, ref, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { softDoubleTone, softTone } from '@/shared/tone'

const KEY = 'zhipei:voice'
const on = ref(wanted())

export interface Voice {
  on: Readonly<Ref<boolean>>
  toggle: () => void
  /** Reads aloud, instead of what is being read. */
  say: (text: string) => void
  begins: () => void
  ends: () => void
}

/** Whoever has their eyes closed or their head turned cannot read: what to do is said, and a tone tells when it is done. */
export function useVoice(): Voice {
  const { locale } = useI18n()

  function say(text: string): void {
    if (!on.value || typeof speechSynthesis === 'undefined') return
    speechSynthesis.cancel()
    const speech = new SpeechSynthesisUtterance(text)
    speech.lang = locale.value
    speechSynthesis.speak(speech)
  }

  function hush(): void {
    if (typeof speechSynthesis !== 'undefined') speechSynthesis.cancel()
  }

  function toggle(): void {
    on.value = !on.value
    if (!on.value) hush()
    try {
      localStorage.setItem(KEY, on.value ? 'on' : 'off')
    } catch {
      // Kept as long as the page then.
    }
  }

  onScopeDispose(hush)
  return { on: readonly(on), toggle, say, begins: () => on.value && softTone(), ends: () => on.value && softDoubleTone() }
}

function wanted(): boolean {
  try {
    return localStorage.getItem(KEY) !== 'off'
  } catch {
    return true
  }
}
