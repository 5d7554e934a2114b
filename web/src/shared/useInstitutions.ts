import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { ApiProblem, bodyOf, UNREACHABLE, type Schemas } from '@zhipei/api-client'
import { api } from './api'

export type Institution = Schemas['InstitutionOut']

const SEARCH_AFTER_MS = 300

interface UseInstitutions {
  /** Part of a name. */
  name: Ref<string>
  /** The newest 50 that have it, and the one that is chosen. */
  found: ShallowRef<readonly Institution[]>
  /** Are there more than are shown? */
  more: Ref<boolean>
  problem: ShallowRef<ApiProblem | null>
}

/** Institutions of the scope by name, for a form that names one; `chosen` stays among them. */
export function useInstitutions(chosen: Ref<string>): UseInstitutions {
  const name = ref('')
  const found = shallowRef<readonly Institution[]>([])
  const more = ref(false)
  const problem = shallowRef<ApiProblem | null>(null)
  let kept: Institution | undefined
  let asked = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  async function search(): Promise<void> {
    const own = ++asked
    try {
      const typed = name.value.trim()
      const page = await bodyOf(api.GET('/api/institutions', { params: { query: typed ? { name: typed } : {} } }))
      kept ??= await known()
      if (own !== asked) return
      found.value = withKept(page.items, kept)
      more.value = page.next !== null
      problem.value = null
    } catch (error) {
      if (own === asked) problem.value = error instanceof ApiProblem ? error : new ApiProblem(0, UNREACHABLE, '')
    }
  }

  async function known(): Promise<Institution | undefined> {
    if (chosen.value === '') return undefined
    return (await bodyOf(api.GET('/api/institutions', { params: { query: { id: chosen.value } } }))).items[0]
  }

  watch(chosen, (id) => (kept = found.value.find((one) => one.id === id) ?? kept))
  watch(name, () => {
    clearTimeout(timer)
    timer = setTimeout(() => void search(), SEARCH_AFTER_MS)
  })
  onScopeDispose(() => clearTimeout(timer))
  void search()
  return { name, found, more, problem }
}

/** What was chosen is not lost by searching on. */
export function withKept(found: readonly Institution[], kept: Institution | undefined): readonly Institution[] {
  return kept === undefined || found.some((one) => one.id === kept.id) ? found : [kept, ...found]
}
