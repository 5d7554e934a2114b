import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { arrowOf, FACE_ACTIONS, knownActions, type FaceAction } from './actions'
import { capture } from './capture'
import { fitted, lightOf } from './pictures'
import { Placing } from './placing'
import { capturePlan, framesOf, lengthMs, MOST_FRAMES, type Cue } from './plan'
import { FakeCamera, fakeTimer } from './testing'
import { browserKind, CameraError, cameraOffered, troubleOf } from './trouble'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the actions', () => {
  it('are shown as in a mirror', () => {
    expect(FACE_ACTIONS.map(arrowOf)).toEqual([null, null, 'left', 'right'])
  })

  it('are only those that this client can explain', () => {
    expect(knownActions(['blink', 'turn_left'])).toEqual(['blink', 'turn_left'])
    expect(knownActions(['nod'])).toBeNull()
  })
})

describe('the plan', () => {
  const pairs = FACE_ACTIONS.flatMap((a) => FACE_ACTIONS.filter((b) => b !== a).map((b): FaceAction[] => [a, b]))

  it.each([[], ['blink'], ...pairs, ['blink', 'turn_left', 'turn_right']] as FaceAction[][])('asks %s %s %s within eight frames', (...actions) => {
    const asked = actions.filter(Boolean)
    const plan = capturePlan(asked)
    expect(plan[0]?.cue).toBe('straight')
    expect(plan.map(({ cue }) => cue).filter((cue) => cue !== 'straight' && cue !== 'back')).toEqual(asked)
    expect(framesOf(plan)).toBeLessThanOrEqual(MOST_FRAMES)
    for (const { shots_ms, ms } of plan) expect(Math.max(...shots_ms)).toBeLessThan(ms)
  })

  it('gives each action about two seconds and two to three frames', () => {
    for (const { cue, shots_ms, ms } of capturePlan(['turn_left', 'blink'])) {
      if (cue === 'straight' || cue === 'back') expect(shots_ms).toHaveLength(1)
      else {
        expect(shots_ms).toHaveLength(3)
        expect(ms).toBeGreaterThanOrEqual(2_000)
        expect(shots_ms[0]).toBeGreaterThanOrEqual(800)
      }
    }
  })

  it('has two quiet frames whatever is asked', () => {
    expect(capturePlan(['blink', 'turn_left']).map(({ cue }) => cue)).toEqual(['straight', 'blink', 'back', 'turn_left'])
    expect(capturePlan(['open_mouth']).map(({ cue }) => cue)).toEqual(['straight', 'open_mouth', 'back'])
  })

  it('refuses more actions than frames', () => {
    expect(() => capturePlan(['blink', 'turn_left', 'blink'], 4)).toThrow(RangeError)
  })
})

describe('the capture', () => {
  const plan = capturePlan(['blink', 'turn_left'])

  it('tells each cue in its turn and takes its frames while it holds', async () => {
    const began = Date.now()
    const camera = new FakeCamera()
    const cues: [Cue, number][] = []
    const done = capture({ camera, plan, timer: fakeTimer, signal: new AbortController().signal, onCue: (cue) => cues.push([cue, Date.now() - began]) })
    await vi.advanceTimersByTimeAsync(lengthMs(plan))
    expect(await done).toHaveLength(8)
    expect(cues).toEqual([['straight', 0], ['blink', 1_000], ['back', 3_200], ['turn_left', 4_200]])
    const taken = camera.taken.map((at) => at - began)
    expect(taken[0]).toBe(850)
    expect(taken.slice(1, 4)).toEqual([1_900, 2_500, 3_050])
    expect(taken.at(-1)).toBe(6_250)
  })

  it('stops at once when it is aborted', async () => {
    const stop = new AbortController()
    const camera = new FakeCamera()
    const done = capture({ camera, plan, timer: fakeTimer, signal: stop.signal, onCue: () => undefined })
    const failed = expect(done).rejects.toMatchObject({ name: 'AbortError' })
    await vi.advanceTimersByTimeAsync(2_000)
    stop.abort()
    await failed
    await vi.advanceTimersByTimeAsync(10_000)
    expect(camera.taken).toHaveLength(2)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('says when the camera is gone', async () => {
    const camera = new FakeCamera()
    camera.fault = new CameraError('lost')
    const done = capture({ camera, plan, timer: fakeTimer, signal: new AbortController().signal, onCue: () => undefined })
    const failed = expect(done).rejects.toMatchObject({ trouble: 'lost' })
    await vi.advanceTimersByTimeAsync(1_000)
    await failed
  })
})

describe('the placing', () => {
  it('is done after two good hints in a row', () => {
    const placing = new Placing()
    placing.hinted('come_closer', 0)
    expect(placing.look(120, 100)).toEqual({ code: 'come_closer', ready: false })
    placing.hinted(null, 1_000)
    expect(placing.look(120, 1_100).ready).toBe(false)
    placing.hinted(null, 2_000)
    expect(placing.look(120, 2_100)).toEqual({ code: null, ready: true })
  })

  it('goes by the light where no hints come', () => {
    const placing = new Placing()
    expect(placing.look(null, 0)).toEqual({ code: null, ready: false })
    expect(placing.look(20, 500)).toEqual({ code: 'more_light', ready: false })
    expect(placing.look(250, 800)).toEqual({ code: 'less_light', ready: false })
    expect(placing.look(120, 1_000).ready).toBe(false)
    expect(placing.look(120, 3_500)).toEqual({ code: null, ready: true })
  })

  it('forgets a hint that is old', () => {
    const placing = new Placing()
    placing.hinted('nobody_seen', 0)
    placing.look(120, 100)
    expect(placing.look(120, 3_000)).toEqual({ code: null, ready: true })
  })
})

describe('the pictures', () => {
  it('are made smaller, never larger', () => {
    expect(fitted({ width: 1_280, height: 720 }, 640)).toEqual({ width: 640, height: 360 })
    expect(fitted({ width: 480, height: 640 }, 640)).toEqual({ width: 480, height: 640 })
    expect(fitted({ width: 320, height: 240 }, 640)).toEqual({ width: 320, height: 240 })
  })

  it('have a light', () => {
    expect(lightOf([0, 0, 0, 255, 255, 255, 255, 255])).toBeCloseTo(127.5)
    expect(lightOf([])).toBe(0)
  })
})

describe('a camera that cannot be had', () => {
  it('has a reason that one can act on', () => {
    expect(['NotAllowedError', 'NotFoundError', 'NotReadableError', 'TypeError'].map((name) => troubleOf({ name }))).toEqual(['denied', 'missing', 'busy', 'unsupported'])
    expect(troubleOf(new CameraError('lost'))).toBe('lost')
    expect(cameraOffered({ isSecureContext: false, mediaDevices: false })).toBe('insecure')
    expect(cameraOffered({ isSecureContext: true, mediaDevices: true })).toBeNull()
  })

  it('is mended in the browser that is used', () => {
    const chrome = 'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'
    expect(browserKind(chrome)).toBe('chrome')
    expect(browserKind(`${chrome} Edg/140.0.0.0`)).toBe('edge')
    expect(browserKind(`${chrome} MicroMessenger/8.0.50`)).toBe('wechat')
    expect(browserKind('Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1')).toBe('safari')
  })
})
