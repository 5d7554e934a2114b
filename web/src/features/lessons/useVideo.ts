import { onScopeDispose, reactive, ref, shallowRef, watch, type Ref } from 'vue'
import type Hls from 'hls.js/light'
import type { Sample } from '@zhipei/learning-session'

const PLAY_TIMEOUT_MS = 3_000

export type MediaTrouble = 'network' | 'expired' | 'unsupported'

export interface VideoState {
  playing: boolean
  /** Stopped for want of data. */
  stalled: boolean
  ended: boolean
  ready: boolean
  /** The browser wants a click before it makes a sound. */
  blocked: boolean
  trouble: MediaTrouble | null
  position_ms: number
  rate: number
  volume: number
  muted: boolean
}

export interface Video {
  element: Ref<HTMLVideoElement | null>
  state: VideoState
  sample: () => Sample
  attach: (playlist: string, startMs: number) => Promise<void>
  reattach: () => void
  play: () => Promise<void>
  pause: () => void
  seek: (ms: number) => void
  setRate: (rate: number) => void
  setVolume: (volume: number) => void
  toggleMute: () => void
  detach: () => void
}

/** `HTMLMediaElement.readyState` from which playing can go on at once. */
const HAVE_FUTURE_DATA = 3
/** More than an event of the browser is ever late. */
const LATE_MS = 1_000

/** The medium itself. `report` hears of each change, with what holds from then on, and how long ago that began. */
export function useVideo(report: (sample: Sample, agoMs?: number) => void): Video {
  const element = ref<HTMLVideoElement | null>(null)
  const hls = shallowRef<Hls | null>(null)
  const state = reactive<VideoState>({
    playing: false, stalled: false, ended: false, ready: false, blocked: false, trouble: null, position_ms: 0, rate: 1, volume: 1, muted: false,
  })
  let recovered = false
  let generation = 0
  /** Where the picture stood while it did not run. */
  let restMs = 0

  function position(): number {
    return Math.round((element.value?.currentTime ?? 0) * 1000)
  }

  function sample(): Sample {
    const base = { position_ms: position(), rate: state.rate }
    if (document.hidden) return { ...base, state: 'hidden' }
    if (state.ended) return { ...base, state: 'ended' }
    const runs = state.playing && !state.stalled && !element.value?.seeking
    return { ...base, state: runs ? 'playing' : 'paused' }
  }

  function begin(): void {
    state.stalled = false
    state.playing = true
    state.ended = false
    state.blocked = false
    start()
  }

  /** Tells that the picture runs, from where it stood. */
  function start(): void {
    const now = sample()
    const ran = now.position_ms - restMs
    const late = ran > 0 && ran <= LATE_MS ? ran : 0
    report({ ...now, position_ms: now.position_ms - late }, late / state.rate)
  }

  /** Tells that the picture stands, and where. */
  function rest(): void {
    restMs = position()
    report(sample())
  }

  const listeners: Partial<Record<keyof HTMLMediaElementEventMap, () => void>> = {
    // With data at hand playing begins here; `playing` comes up to a quarter of a second into the picture,
    // which would cost the learner that much at every start.
    play: () => {
      if (!state.playing && (element.value?.readyState ?? 0) >= HAVE_FUTURE_DATA) begin()
    },
    playing: () => {
      if (!state.playing || state.stalled || state.ended) begin()
    },
    pause: () => {
      state.playing = false
      if (!element.value?.ended) rest()
    },
    waiting: () => {
      if (state.stalled || !state.playing) return
      state.stalled = true
      rest()
    },
    seeked: () => {
      state.position_ms = position()
      if (element.value && !element.value.ended) state.ended = false
      if (state.playing && !state.stalled) start()
      else rest()
    },
    timeupdate: () => {
      state.position_ms = position()
    },
    ended: () => {
      state.playing = false
      state.ended = true
      report(sample())
    },
    loadeddata: () => {
      state.ready = true
    },
    volumechange: () => {
      state.volume = element.value?.volume ?? 1
      state.muted = element.value?.muted ?? false
    },
    error: () => {
      if (!hls.value && element.value?.error) state.trouble = 'network'
    },
  }

  watch(element, (now, before) => {
    for (const [name, listener] of Object.entries(listeners)) {
      before?.removeEventListener(name, listener)
      now?.addEventListener(name, listener)
    }
  })

  async function attach(playlist: string, startMs: number): Promise<void> {
    detach()
    generation += 1
    const mine = generation
    const { default: Player } = await import('hls.js/light')
    const video = element.value
    if (!video || mine !== generation) return
    state.trouble = null
    recovered = false
    restMs = startMs
    if (Player.isSupported()) {
      const player = new Player({ startPosition: startMs / 1000, maxBufferLength: 120, backBufferLength: 60 })
      player.on(Player.Events.ERROR, (_event, data) => {
        if (!data.fatal) return
        if (data.type === Player.ErrorTypes.MEDIA_ERROR && !recovered) {
          recovered = true
          player.recoverMediaError()
          return
        }
        // A key is refused without a live session, which comes back by itself; a file only when its address is over.
        const refused = data.response?.code === 403 && data.details !== Player.ErrorDetails.KEY_LOAD_ERROR
        state.trouble = refused ? 'expired' : 'network'
      })
      player.loadSource(playlist)
      player.attachMedia(video)
      hls.value = player
    } else if (video.canPlayType('application/vnd.apple.mpegurl')) {
      video.src = playlist
      video.currentTime = startMs / 1000
    } else {
      state.trouble = 'unsupported'
    }
  }

  function reattach(): void {
    if (state.trouble !== 'network') return
    state.trouble = null
    if (hls.value) hls.value.startLoad()
    else element.value?.load()
  }

  async function play(): Promise<void> {
    const video = element.value
    if (!video) return
    state.blocked = false
    const began = video.play().then(
      () => undefined,
      (error: unknown) => {
        state.blocked = error instanceof DOMException && error.name === 'NotAllowedError'
      },
    )
    // Without data the promise of a browser never settles.
    await Promise.race([began, new Promise((done) => setTimeout(done, PLAY_TIMEOUT_MS))])
  }

  function seek(ms: number): void {
    const video = element.value
    if (!video) return
    // The run ends here, before the jump: nothing of it is lost to the jump.
    if (state.playing && !state.stalled) report({ ...sample(), state: 'paused' })
    video.currentTime = ms / 1000
    restMs = Math.round(ms)
    state.position_ms = Math.round(ms)
  }

  function setRate(rate: number): void {
    state.rate = rate
    if (element.value) element.value.playbackRate = rate
    report(sample())
  }

  function setVolume(volume: number): void {
    if (!element.value) return
    element.value.volume = Math.min(1, Math.max(0, volume))
    element.value.muted = volume <= 0
  }

  function toggleMute(): void {
    if (element.value) element.value.muted = !element.value.muted
  }

  function detach(): void {
    generation += 1
    hls.value?.destroy()
    hls.value = null
  }

  onScopeDispose(detach)
  return {
    element, state, sample, attach, reattach, play, pause: () => element.value?.pause(), seek, setRate, setVolume, toggleMute, detach,
  }
}
