import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { ApiProblem, UNREACHABLE } from '@zhipei/api-client'

const SKELETON_AFTER_MS = 300
const WORDS_AFTER_MS = 5_000

export interface Load<T> {
  data: ShallowRef<T | null>
  error: ShallowRef<ApiProblem | null>
  /** Nothing is shown for the first 300 ms, then a skeleton, after 5 s a sentence. */
  wait: Ref<'none' | 'skeleton' | 'words'>
  /** When `data` was fetched, if a later fetch failed. */
  staleSince: Ref<number | null>
  reload: () => Promise<void>
}

/** Fetches at once; what was there stays visible while it is fetched again or cannot be. */
export function useLoad<T>(fetch: () => Promise<T>): Load<T> {
  const data = shallowRef<T | null>(null)
  const error = shallowRef<ApiProblem | null>(null)
  const wait = ref<'none' | 'skeleton' | 'words'>('none')
  const staleSince = ref<number | null>(null)
  let fetchedAt = 0
  let asked = 0
  let timers: ReturnType<typeof setTimeout>[] = []

  const settle = (): void => {
    for (const timer of timers) clearTimeout(timer)
    timers = []
    wait.value = 'none'
  }

  async function reload(): Promise<void> {
    asked += 1
    const mine = asked
    settle()
    if (data.value === null) {
      error.value = null
      timers = [
        setTimeout(() => (wait.value = 'skeleton'), SKELETON_AFTER_MS),
        setTimeout(() => (wait.value = 'words'), WORDS_AFTER_MS),
      ]
    }
    try {
      const fresh = await fetch()
      if (mine !== asked) return
      data.value = fresh
      error.value = null
      staleSince.value = null
      fetchedAt = Date.now()
    } catch (problem) {
      if (mine !== asked) return
      error.value = problem instanceof ApiProblem ? problem : new ApiProblem(0, UNREACHABLE, '')
      staleSince.value = data.value === null ? null : fetchedAt
    } finally {
      if (mine === asked) settle()
    }
  }

  onScopeDispose(() => {
    asked += 1
    settle()
  })
  void reload()
  return { data, error, wait, staleSince, reload }
}
