import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { ApiProblem, UNREACHABLE } from '@zhipei/api-client'
import { useLoad, type Load } from './useLoad'

export interface Page<T> {
  items: T[]
  next?: string | null
}

export interface List<T> extends Omit<Load<Page<T>>, 'data'> {
  /** Null until the first part is there. */
  items: ShallowRef<readonly T[] | null>
  /** Is there more behind what is listed? */
  more: Ref<boolean>
  loadingMore: Ref<boolean>
  moreError: ShallowRef<ApiProblem | null>
  loadMore: () => Promise<void>
}

/** A list that comes in parts: the first at once, more when asked for. `reload` begins anew. */
export function useList<T>(fetch: (after: string | null) => Promise<Page<T>>): List<T> {
  const items = shallowRef<readonly T[] | null>(null)
  const next = shallowRef<string | null>(null)
  const more = ref(false)
  const loadingMore = ref(false)
  const moreError = shallowRef<ApiProblem | null>(null)
  let round = 0

  const { error, wait, staleSince, reload } = useLoad(async () => {
    round += 1
    const mine = round
    const first = await fetch(null)
    if (mine === round) take([...first.items], first)
    return first
  })

  function take(all: readonly T[], page: Page<T>): void {
    items.value = all
    next.value = page.next ?? null
    more.value = next.value !== null
    moreError.value = null
  }

  async function loadMore(): Promise<void> {
    if (loadingMore.value || next.value === null) return
    const mine = round
    loadingMore.value = true
    try {
      const page = await fetch(next.value)
      if (mine === round) take([...(items.value ?? []), ...page.items], page)
    } catch (problem) {
      if (mine === round) moreError.value = problem instanceof ApiProblem ? problem : new ApiProblem(0, UNREACHABLE, '')
    } finally {
      loadingMore.value = false
    }
  }

  onScopeDispose(() => (round += 1))
  return { items, error, wait, staleSince, reload, more, loadingMore, moreError, loadMore }
}
