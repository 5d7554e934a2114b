import { computed, ref, type ComputedRef } from 'vue'
import { useMe } from '@/shared/useMe'
import { isQuiet } from './face-refusal'

const KEY = 'zhipei:no-face'
const changes = ref(0)

interface UseFaceRefusal {
  /** The learner said no on this device within the last 30 days. */
  refused: ComputedRef<boolean>
  refuse: () => void
  reconsider: () => void
}

/** A no to faces, kept on the device for each account. */
export function useFaceRefusal(): UseFaceRefusal {
  const { me } = useMe()
  const key = (): string => `${KEY}:${me.value?.id ?? ''}`

  function write(value: string | null): void {
    try {
      if (value === null) localStorage.removeItem(key())
      else localStorage.setItem(key(), value)
    } catch {
      // Where nothing can be kept, nothing is asked for by itself either.
    }
    changes.value += 1
  }

  const refused = computed(() => changes.value >= 0 && isQuiet(read(key()), Date.now()))
  return { refused, refuse: () => write(String(Date.now())), reconsider: () => write(null) }
}

function read(key: string): number | null {
  try {
    const value = Number(localStorage.getItem(key) ?? Number.NaN)
    return Number.isFinite(value) ? value : null
  } catch {
    return null
  }
}
