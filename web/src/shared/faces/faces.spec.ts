import { effectScope, type EffectScope } from 'vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiProblem } from '@zhipei/api-client'
import { CameraError, type Camera } from '@zhipei/face-capture'
import { FakeCamera, fakeTimer } from '@zhipei/face-capture/testing'
import { tipsFor, wayOn } from './face-advice'
import { failuresOf, formOf } from './face-api'
import { isQuiet, QUIET_MS } from './face-refusal'
import { shareOf, stepsOf } from './face-steps'
import { useFaceCapture, type FaceCapture, type FaceTask } from './useFaceCapture'

describe('the advice', () => {
  it('begins with what the picture lacked and stays short', () => {
    expect(tipsFor(['more_light', 'hold_still'])).toEqual(['light', 'wipe', 'slow'])
    expect(tipsFor(['mismatch'])).toHaveLength(3)
    expect(tipsFor(['nobody_seen', 'more_light', 'come_closer', 'hold_still'])).toHaveLength(3)
  })

  it('tells a busy server from a failure, and a stop from a second try', () => {
    expect(wayOn(new ApiProblem(503, 'face_postponed', '', null, 8))).toEqual({ kind: 'wait', seconds: 8 })
    expect(wayOn(new ApiProblem(423, 'face_paused', ''))).toEqual({ kind: 'stop' })
    for (const code of ['login_failed', 'unreachable', 'face_challenge_over', 'internal']) expect(wayOn(new ApiProblem(0, code, ''))).toEqual({ kind: 'again' })
  })
})

describe('the steps', () => {
  const actions = ['blink', 'turn_left'] as const

  it('stand before the actions are known', () => {
    expect(stepsOf({ actions: null, cue: null, done: 0, finished: false }).map(({ cue, state }) => [cue, state])).toEqual([['straight', 'now'], ['actions', 'next']])
  })

  it('follow the cues; back in the middle is part of the way', () => {
    const at = (cue: 'straight' | 'blink' | 'back' | 'turn_left', done: number) => stepsOf({ actions, cue, done, finished: false }).map(({ cue: each, state }) => `${each} ${state}`)
    expect(at('straight', 0)).toEqual(['straight now', 'blink next', 'turn_left next'])
    expect(at('blink', 0)).toEqual(['straight done', 'blink now', 'turn_left next'])
    expect(at('back', 1)).toEqual(['straight done', 'blink done', 'back now'])
    expect(at('turn_left', 1)).toEqual(['straight done', 'blink done', 'turn_left now'])
  })

  it('fill the ring', () => {
    const share = (cue: 'blink' | null, done: number, finished = false) => shareOf({ actions, cue, done, finished })
    expect([share(null, 0), share('blink', 0), share('blink', 2, true)]).toEqual([0, 1 / 3, 1])
  })
})

describe('a no', () => {
  it('is not asked about for thirty days', () => {
    expect(isQuiet(null, 0)).toBe(false)
    expect(isQuiet(1_000, 1_000 + QUIET_MS - 1)).toBe(true)
    expect(isQuiet(1_000, 1_000 + QUIET_MS)).toBe(false)
  })
})

describe('the form', () => {
  it('holds the frames in order', async () => {
    const form = formOf([new Blob(['a']), new Blob(['b'])]) as unknown as FormData
    expect(await Promise.all(form.getAll('frame').map((part) => (part as File).text()))).toEqual(['a', 'b'])
  })

  it('is not passed without a yes', () => {
    expect(failuresOf({ passed: true, failures: [] })).toEqual([])
    expect(failuresOf({ passed: false, failures: [] })).toHaveLength(1)
  })
})

describe('a capture', () => {
  let camera: FakeCamera
  let opened: number
  let refusal: Error | null
  let lose: () => void
  let scope: EffectScope
  const sent: Blob[][] = []
  const all = async (ms = 20_000): Promise<void> => void (await vi.advanceTimersByTimeAsync(ms))

  function start(task: Partial<FaceTask> = {}): FaceCapture {
    const open = async (_video: HTMLVideoElement, { onLost }: { onLost: () => void }): Promise<Camera> => {
      opened += 1
      if (refusal) throw refusal
      lose = onLost
      return camera
    }
    const whole: FaceTask = { ask: async () => ['blink', 'turn_right'], send: async (frames) => (sent.push(frames), []), ...task }
    const face = scope.run(() => useFaceCapture(whole, { open, timer: fakeTimer })) as FaceCapture
    face.begin(document.createElement('video'))
    return face
  }

  beforeEach(() => {
    vi.useFakeTimers()
    camera = new FakeCamera()
    opened = 0
    refusal = null
    sent.length = 0
    scope = effectScope()
  })
  afterEach(() => {
    scope.stop()
    vi.useRealTimers()
  })

  it('finds the place, asks, sends the frames and gives the camera back', async () => {
    const onPassed = vi.fn()
    const face = start({ hint: async () => null, onPassed })
    await all(600)
    expect(face.phase.value).toBe('placing')
    await all(2_000)
    expect(face.phase.value).toBe('acting')
    await all()
    expect(face.phase.value).toBe('passed')
    expect(sent[0]).toHaveLength(8)
    expect(onPassed).toHaveBeenCalledOnce()
    expect(camera.stopped).toBe(true)
  })

  it('asks nothing before the face is in place, and says what is missing', async () => {
    const ask = vi.fn(async () => ['blink'])
    const face = start({ ask, hint: async () => 'come_closer' })
    await all(5_000)
    expect(ask).not.toHaveBeenCalled()
    expect(face.hint.value).toBe('come_closer')
    expect(face.mayGoOn.value).toBe(false)
    await all(2_000)
    expect(face.mayGoOn.value).toBe(true)
    face.goOn()
    await all()
    expect(ask).toHaveBeenCalledOnce()
  })

  it('does without hints where none come', async () => {
    const face = start({ hint: () => Promise.reject(new ApiProblem(429, 'too_many_attempts', '')) })
    await all()
    expect(face.phase.value).toBe('passed')
  })

  it('says what failed, keeps the camera, and tries again with new actions', async () => {
    const ask = vi.fn(async () => ['open_mouth'])
    const answers = [[{ code: 'more_light', words: '光线太暗' }], []]
    const face = start({ ask, send: async () => answers.shift() ?? [] })
    await all()
    expect(face.phase.value).toBe('again')
    expect(face.failures.value).toMatchObject([{ code: 'more_light' }])
    expect(camera.stopped).toBe(false)
    face.again()
    await all()
    expect(face.phase.value).toBe('passed')
    expect(ask).toHaveBeenCalledTimes(2)
    expect(opened).toBe(1)
  })

  it('waits as long as a busy server says', async () => {
    const face = start({ send: () => Promise.reject(new ApiProblem(503, 'face_postponed', '', null, 60)) })
    await all(12_000)
    expect(face.phase.value).toBe('again')
    const left = face.waitLeft.value
    expect(left).toBeGreaterThan(40)
    face.again()
    expect(face.phase.value).toBe('again')
    await all(60_000)
    expect(face.waitLeft.value).toBe(0)
  })

  it('stops where another way is needed, or where the owner takes over', async () => {
    const paused = start({ ask: () => Promise.reject(new ApiProblem(423, 'face_paused', '')) })
    await all()
    expect(paused.phase.value).toBe('stopped')
    expect(camera.stopped).toBe(true)
    const taken = start({ ask: () => Promise.reject(new ApiProblem(422, 'captcha_required', '')), takes: ({ code }) => code === 'captcha_required' })
    await all()
    expect(taken.phase.value).toBe('off')
  })

  it('says why there is no picture and opens it again', async () => {
    refusal = new CameraError('denied')
    const face = start()
    await all(100)
    expect([face.phase.value, face.trouble.value]).toEqual(['camera', 'denied'])
    refusal = null
    face.again()
    await all()
    expect(face.phase.value).toBe('passed')
  })

  it('notices a camera that is unplugged, also on a second try', async () => {
    const face = start({ send: async () => [{ code: 'hold_still', words: '' }] })
    await all()
    face.again()
    await all(3_500)
    lose()
    expect([face.phase.value, face.trouble.value]).toEqual(['camera', 'lost'])
    await all()
    expect(face.phase.value).toBe('camera')
  })

  it('ends at once when its place on the screen goes', async () => {
    const face = start()
    await all(4_000)
    face.end()
    await all()
    expect(camera.stopped).toBe(true)
    expect(sent).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('asks for nothing that it cannot explain', async () => {
    const face = start({ ask: async () => ['nod'] })
    await all()
    expect(face.problem.value?.code).toBe('page_outdated')
  })
})
