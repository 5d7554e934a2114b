import { computed } from 'vue'
import { bodyOf } from '@zhipei/api-client'
import { api } from '@/shared/api'
import { useLoad } from '@/shared/useLoad'

/** The learner's frozen times: those that wait for a word, and those that had one. */
export function useFrozenTimes() {
  const { data, error, reload } = useLoad(async () => (await bodyOf(api.GET('/api/me/frozen-times'))).items)
  const waiting = computed(() => (data.value ?? []).filter(({ restored }) => restored === null))
  const decided = computed(() => (data.value ?? []).filter(({ restored }) => restored !== null))
  /** They could not be fetched, and none are shown from before. */
  const missing = computed(() => (data.value === null ? error.value : null))
  return { waiting, decided, missing, reload }
}
