import { computed, onScopeDispose, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import type { Challenge, Prompt, Verdict } from '@zhipei/learning-session'

export type CheckPhase = 'ask' | 'retry' | 'wait'

export interface CheckView {
  id: string
  phase: CheckPhase
  closing: boolean
  prompt: Prompt
  attempt: number
  tries: number
  pending_ms: number
  /** How long this phase may take in all. */
  within_ms: number
  /** When it ends, on the monotonic clock. */
  until: number
}

export interface PresenceCheck {
  view: ShallowRef<CheckView | null>
  secondsLeft: ComputedRef<number>
  /** 1 at the beginning, 0 at the end. */
  share: ComputedRef<number>
  /** An answer is on its way. */
  answering: Ref<boolean>
  asked: (challenge: Challenge) => void
  judged: (verdict: Verdict) => void
  lost: () => void
  pick: (option: string) => void
}

const TICK_MS = 250

/** A presence check on the screen: what is asked, how long there is, what came of it. */
export function usePresenceCheck(answer: (id: string, option: string) => void, now: () => number = () => performance.now()): PresenceCheck {
  const view = shallowRef<CheckView | null>(null)
  const answering = ref(false)
  const time = ref(now())
  let timer: ReturnType<typeof setInterval> | undefined

  const left = computed(() => (view.value ? Math.max(0, view.value.until - time.value) : 0))
  const secondsLeft = computed(() => Math.ceil(left.value / 1000))
  const share = computed(() => (view.value && view.value.within_ms > 0 ? left.value / view.value.within_ms : 0))

  function show(next: CheckView | null): void {
    view.value = next
    answering.value = false
    time.value = now()
    clearInterval(timer)
    if (next) timer = setInterval(() => (time.value = now()), TICK_MS)
  }

  function asked(challenge: Challenge): void {
    const { id, closing, prompt, attempt, tries, pending_ms, answer_within_ms } = challenge
    show({
      id, closing, prompt, attempt, tries, pending_ms,
      phase: attempt > 1 ? 'retry' : 'ask',
      within_ms: answer_within_ms,
      until: now() + answer_within_ms,
    })
  }

  function judged(verdict: Verdict): void {
    const current = view.value
    if (!current || verdict.id !== current.id) return
    if (verdict.result === 'try_again') {
      // The window of a round goes on; only the number is another.
      show({ ...current, phase: 'retry', attempt: verdict.attempt ?? current.attempt + 1, prompt: verdict.prompt ?? current.prompt })
    } else if (verdict.result === 'repeat_later') {
      const within_ms = verdict.next_in_ms ?? 60_000
      show({ ...current, phase: 'wait', within_ms, until: now() + within_ms })
    } else {
      show(null)
    }
  }

  function pick(option: string): void {
    const current = view.value
    if (!current || current.phase === 'wait' || answering.value || !current.prompt.options.includes(option)) return
    answering.value = true
    answer(current.id, option)
  }

  onScopeDispose(() => clearInterval(timer))
  return { view, secondsLeft, share, answering, asked, judged, lost: () => show(null), pick }
}
