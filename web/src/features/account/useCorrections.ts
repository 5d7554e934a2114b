import { onScopeDispose, ref, watch } from 'vue'
import { bodyOf } from '@zhipei/api-client'
import { api } from '@/shared/api'
import { useLoad } from '@/shared/useLoad'

const changes = ref(0)

/** One was asked for: the list is fetched again. */
export function correctionsChanged(): void {
  changes.value += 1
}

/** What the learner asked to be corrected, and what became of it. */
export function useCorrections() {
  const load = useLoad(async () => (await bodyOf(api.GET('/api/me/corrections'))).items)
  onScopeDispose(watch(changes, () => void load.reload()))
  return load
}
