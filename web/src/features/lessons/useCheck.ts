import { computed, onScopeDispose, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import type { Challenge, Prompt, Verdict } from '@zhipei/learning-session'
import { sixDigits } from '@zhipei/people'

export type CheckPhase = 'ask' | 'retry' | 'wait'
export type CheckWay = 'presence' | 'face' | 'sms'

export interface CheckView {
  id: string
  way: CheckWay
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

export interface CheckSender {
  answer: (id: string, given: string) => void
  otherWay: (id: string) => void
}

export interface Check {
  view: ShallowRef<CheckView | null>
  secondsLeft: ComputedRef<number>
  /** 1 at the beginning, 0 at the end. */
  share: ComputedRef<number>
  /** An answer is on its way. */
  answering: Ref<boolean>
  /** Another way was asked for and is on its way. */
  turning: Ref<boolean>
  asked: (challenge: Challenge) => void
  judged: (verdict: Verdict) => void
  lost: () => void
  pick: (option: string) => void
  giveCode: (text: string) => void
  otherWay: () => void
}

const TICK_MS = 250
/** The message may be lost with its connection; then the button is there again. */
const TURNING_MS = 8_000

/** A random check on the screen: what is asked, how long there is, what came of it. */
export function useCheck({ answer, otherWay }: CheckSender, now: () => number = () => performance.now()): Check {
  const view = shallowRef<CheckView | null>(null)
  const answering = ref(false)
  const turningSince = ref<number | null>(null)
  const time = ref(now())
  let timer: ReturnType<typeof setInterval> | undefined

  const left = computed(() => (view.value ? Math.max(0, view.value.until - time.value) : 0))
  const secondsLeft = computed(() => Math.ceil(left.value / 1000))
  const share = computed(() => (view.value && view.value.within_ms > 0 ? left.value / view.value.within_ms : 0))
  const turning = computed(() => turningSince.value !== null && time.value - turningSince.value < TURNING_MS)

  function show(next: CheckView | null): void {
    view.value = next
    answering.value = false
    turningSince.value = null
    time.value = now()
    clearInterval(timer)
    if (next) timer = setInterval(() => (time.value = now()), TICK_MS)
  }

  function asked(challenge: Challenge): void {
    const { id, kind, closing, prompt, attempt, tries, pending_ms, answer_within_ms } = challenge
    const way = wayOf(kind)
    // The first question of another kind is no second try at it.
    const turned = view.value?.id === id && view.value.way !== way
    show({
      id, way, closing, prompt, attempt, tries, pending_ms,
      phase: attempt > 1 && !turned ? 'retry' : 'ask',
      within_ms: answer_within_ms,
      until: now() + answer_within_ms,
    })
  }

  function judged(verdict: Verdict): void {
    const current = view.value
    if (!current || verdict.id !== current.id) return
    if (verdict.result === 'try_again') {
      // The window of a round goes on; only the question is another.
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
    if (current?.way === 'presence' && current.prompt.options.includes(option)) give(current, option)
  }

  function giveCode(text: string): void {
    const current = view.value
    const code = sixDigits(text)
    if (current?.way === 'sms' && code.length === 6) give(current, code)
  }

  function give(current: CheckView, given: string): void {
    if (current.phase === 'wait' || answering.value) return
    answering.value = true
    answer(current.id, given)
  }

  function turn(): void {
    const current = view.value
    if (!current || current.way !== 'face' || current.phase === 'wait' || turning.value) return
    time.value = now()
    turningSince.value = time.value
    otherWay(current.id)
  }

  onScopeDispose(() => clearInterval(timer))
  return { view, secondsLeft, share, answering, turning, asked, judged, lost: () => show(null), pick, giveCode, otherWay: turn }
}

function wayOf(kind: string): CheckWay {
  if (kind === 'sms') return 'sms'
  return kind === 'face' || kind === 'face_action' ? 'face' : 'presence'
}
