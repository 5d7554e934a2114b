import { ref, type Ref } from 'vue'
import { ApiProblem, UNREACHABLE } from '@zhipei/api-client'
import { useWords } from './useWords'

export interface Submit {
  busy: Ref<boolean>
  /** What went wrong, in words; empty while all is well. */
  failure: Ref<string>
  /** Does the task unless one is under way; a problem becomes words, `false` is returned then. */
  submit: (task: () => Promise<void>) => Promise<boolean>
}

/** One change of state after a button. `say` may give a problem other words here, or `null` for the usual ones. */
export function useSubmit(say: (problem: ApiProblem) => string | null = () => null): Submit {
  const { problem } = useWords()
  const busy = ref(false)
  const failure = ref('')

  async function submit(task: () => Promise<void>): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    failure.value = ''
    try {
      await task()
      return true
    } catch (error) {
      const given = error instanceof ApiProblem ? error : new ApiProblem(0, UNREACHABLE, '')
      failure.value = say(given) ?? problem(given)
      return false
    } finally {
      busy.value = false
    }
  }

  return { busy, failure, submit }
}
