import { computed, onScopeDispose, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import { ApiProblem, UNREACHABLE } from '@zhipei/api-client'
import {
  browserTimer, CameraError, capture, capturePlan, knownActions, openCamera, pause, Placing, troubleOf,
  type Camera, type CameraTrouble, type Cue, type FaceAction, type OpenOptions, type Timer,
} from '@zhipei/face-capture'
import { wayOn } from './face-advice'
import type { FaceFailure } from './face-api'
import { shareOf, stepsOf, type Progress, type Step } from './face-steps'

export type FacePhase = 'off' | 'opening' | 'placing' | 'acting' | 'looking' | 'again' | 'stopped' | 'camera' | 'passed'

export interface FaceTask {
  /** What is asked of the person; called when the face is in place, since it is good for a while only. */
  ask: () => Promise<readonly string[]>
  /** What is wrong with the frames; nothing: passed. */
  send: (frames: Blob[]) => Promise<readonly FaceFailure[]>
  /** What the server would better in a picture. Without it the light alone decides. */
  hint?: (frame: Blob) => Promise<string | null>
  onPassed?: () => void
  /** The owner of the task deals with this problem itself: the camera is given back. */
  takes?: (problem: ApiProblem) => boolean
}

export interface FaceCapture {
  phase: Ref<FacePhase>
  trouble: Ref<CameraTrouble | null>
  /** What could be better now, as a code. */
  hint: Ref<string | null>
  cue: Ref<Cue | null>
  steps: ComputedRef<Step[]>
  share: ComputedRef<number>
  failures: ShallowRef<readonly FaceFailure[]>
  problem: ShallowRef<ApiProblem | null>
  /** Seconds until another try makes sense. */
  waitLeft: Ref<number>
  /** The person may go on although the picture is not found good. */
  mayGoOn: Ref<boolean>
  begin: (video: HTMLVideoElement) => void
  goOn: () => void
  again: () => void
  end: () => void
}

export interface FacePorts {
  open: (video: HTMLVideoElement, options: OpenOptions) => Promise<Camera>
  timer: Timer
}

const LOOK_MS = 250
const HINT_MS = 1_000
const HINT_FAULTS = 3
const GO_ON_AFTER_MS = 6_000

/** From an open camera to the server's word: finds the place, asks, takes the frames, sends them. */
export function useFaceCapture(task: FaceTask, { open, timer }: FacePorts = { open: openCamera, timer: browserTimer }): FaceCapture {
  const phase = ref<FacePhase>('off')
  const trouble = ref<CameraTrouble | null>(null)
  const hint = ref<string | null>(null)
  const cue = ref<Cue | null>(null)
  const actions = shallowRef<readonly FaceAction[] | null>(null)
  const done = ref(0)
  const failures = shallowRef<readonly FaceFailure[]>([])
  const problem = shallowRef<ApiProblem | null>(null)
  const waitLeft = ref(0)
  const mayGoOn = ref(false)
  let video: HTMLVideoElement | null = null
  let camera: Camera | null = null
  let run: AbortController | null = null
  let pressed = false

  const progress = computed<Progress>(() => ({ actions: actions.value, cue: cue.value, done: done.value, finished: ['looking', 'passed'].includes(phase.value) }))

  async function attempt(): Promise<void> {
    run?.abort()
    const mine = new AbortController()
    run = mine
    const { signal } = mine
    reset()
    try {
      const eye = await opened(signal)
      await place(eye, signal)
      const asked = knownActions(await task.ask())
      signal.throwIfAborted()
      if (!asked) throw new ApiProblem(0, 'page_outdated', '')
      actions.value = asked
      phase.value = 'acting'
      const frames = await capture({ camera: eye, plan: capturePlan(asked), timer, signal, onCue })
      phase.value = 'looking'
      const wrong = await task.send(frames)
      signal.throwIfAborted()
      if (wrong.length > 0) failed(wrong)
      else {
        phase.value = 'passed'
        release()
        task.onPassed?.()
      }
    } catch (error) {
      if (run === mine && !signal.aborted) onError(error)
    }
  }

  function reset(): void {
    trouble.value = null
    hint.value = null
    cue.value = null
    actions.value = null
    done.value = 0
    failures.value = []
    problem.value = null
    waitLeft.value = 0
    mayGoOn.value = false
    pressed = false
  }

  async function opened(signal: AbortSignal): Promise<Camera> {
    if (camera) return camera
    if (!video) throw new CameraError('unsupported')
    phase.value = 'opening'
    camera = await open(video, { signal, onLost: () => camera && lose() })
    return camera
  }

  async function place(eye: Camera, signal: AbortSignal): Promise<void> {
    phase.value = 'placing'
    const placing = new Placing()
    const began = timer.nowMs()
    let hintAt = -HINT_MS
    let asking = false
    let faults = 0
    const ask = async (of: NonNullable<FaceTask['hint']>): Promise<void> => {
      asking = true
      try {
        placing.hinted(await of(await eye.frame()), timer.nowMs())
        faults = 0
      } catch {
        // Hints are a help, never a hindrance: without them the light decides.
        faults += 1
      } finally {
        asking = false
      }
    }
    for (;;) {
      signal.throwIfAborted()
      const now = timer.nowMs()
      if (task.hint && !asking && faults < HINT_FAULTS && now - hintAt >= HINT_MS) {
        hintAt = now
        void ask(task.hint)
      }
      const { code, ready } = placing.look(eye.light(), now)
      hint.value = code
      mayGoOn.value = now - began >= GO_ON_AFTER_MS
      if (ready || pressed) return
      await pause(timer, LOOK_MS, signal)
    }
  }

  function onCue(next: Cue): void {
    if (cue.value !== null && cue.value !== 'straight' && cue.value !== 'back') done.value += 1
    cue.value = next
  }

  function failed(wrong: readonly FaceFailure[]): void {
    failures.value = wrong
    phase.value = 'again'
  }

  function onError(error: unknown): void {
    if (error instanceof CameraError) {
      trouble.value = troubleOf(error)
      phase.value = 'camera'
      release()
      return
    }
    const given = error instanceof ApiProblem ? error : new ApiProblem(0, UNREACHABLE, '')
    if (task.takes?.(given)) {
      end()
      return
    }
    problem.value = given
    const way = wayOn(given)
    phase.value = way.kind === 'stop' ? 'stopped' : 'again'
    if (way.kind === 'stop') release()
    if (way.kind === 'wait') void countDown(way.seconds)
  }

  async function countDown(seconds: number): Promise<void> {
    const signal = run?.signal
    for (waitLeft.value = seconds; waitLeft.value > 0; waitLeft.value -= 1) {
      if (!signal) return
      const stopped = await pause(timer, 1_000, signal).then(() => false, () => true)
      if (stopped) return
    }
  }

  function lose(): void {
    run?.abort()
    trouble.value = 'lost'
    phase.value = 'camera'
    release()
  }

  function release(): void {
    camera?.stop()
    camera = null
  }

  function end(): void {
    run?.abort()
    run = null
    release()
    video = null
    reset()
    phase.value = 'off'
  }

  onScopeDispose(end)
  return {
    phase, trouble, hint, cue, failures, problem, waitLeft, mayGoOn,
    steps: computed(() => stepsOf(progress.value)),
    share: computed(() => shareOf(progress.value)),
    begin(element) {
      video = element
      void attempt()
    },
    goOn: () => {
      pressed = true
    },
    again: () => {
      if (waitLeft.value === 0) void attempt()
    },
    end,
  }
}
