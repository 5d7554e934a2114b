import { computed, onBeforeUnmount, onMounted, reactive, ref, shallowRef } from 'vue'
import { bodyOf } from '@zhipei/api-client'
import {
  browserClock,
  browserTransport,
  IdbHeartbeatStore,
  LearningSession,
  LiveTotals,
  newId,
  type RefusalCode,
  type SessionEvent,
  type SessionStatus,
  type Verdict,
} from '@zhipei/learning-session'
import { api, type Lesson } from '@/shared/api'
import { deviceId, deviceKind } from './device'
import { covered, goOnAt, lessonPicture, madeUpBetween, openVoids } from './lesson-picture'
import { nextRate, seekTo } from './player-rules'
import { softDoubleTone } from '@/shared/tone'
import { useCheck } from './useCheck'
import type { StartCheck } from './useStartCheck'
import { useVideo } from './useVideo'

const TICK_MS = 250
/** A blip is nobody's business. */
const OFFLINE_SHOWN_MS = 3_000
const OFFLINE_LIMIT_MS = 600_000
const END_MS = 2_000

export type Notice =
  | { kind: 'hidden' | 'slept' | 'postponed' | 'frozen' | 'missed' | 'lost' }
  | { kind: 'restarting'; ms: number }
  | { kind: 'back'; ms: number }
  | { kind: 'back_over'; ms: number }
  | { kind: 'not_watched'; ms: number }
  | { kind: 'passed' | 'made_up'; ms: number }

export type Refusal =
  | 'class_not_open' | 'not_enrolled' | 'not_found' | 'older_stays' | 'logged_out' | 'class_ended' | 'protocol'

export interface TakenOver {
  device: 'pc' | 'phone' | 'unknown'
  at: number | null
}

/** A lesson being watched: brings together the medium, the learning session, the check and the numbers. */
export function useLessonPlayer(first: Lesson, lessonId: string, learnerId: string) {
  const lesson = shallowRef(first)
  const policy = shallowRef<Omit<Lesson['policy'], 'version'>>(first.policy)
  const furthest = ref(first.furthest_ms)
  const status = ref<SessionStatus>('connecting')
  const offlineSince = ref<number | null>(null)
  const unsent = ref(0)
  const notice = shallowRef<Notice | null>(null)
  const takenOver = shallowRef<TakenOver | null>(null)
  const refusal = ref<Refusal | null>(null)
  /** What the learner shows before the lesson begins. */
  const startCheck = ref<StartCheck | null>(null)
  /** The cap, while the card that says so is open. */
  const dayFull = ref<number | null>(null)
  const shown = reactive({ verified_ms: first.totals.verified_ms, pending_ms: first.totals.pending_ms })
  const fresh = shallowRef<readonly { from: number; to: number }[]>([])
  const now = ref(performance.now())

  const live = new LiveTotals()
  const checked = computed(() => policy.value.check_kind !== 'off')
  const picture = computed(() => lessonPicture(lesson.value.segments, lesson.value.totals.void_ms, fresh.value, checked.value))
  const voids = computed(() => openVoids(lesson.value.voids))
  const showOffline = computed(() => status.value === 'offline' && offlineSince.value !== null && now.value - offlineSince.value > OFFLINE_SHOWN_MS)
  const offlineOver = computed(() => unsent.value > OFFLINE_LIMIT_MS)

  const video = useVideo((sample, agoMs) => session.change(sample, agoMs))
  const check = useCheck({ answer: (id, given) => session.answer(id, given), otherWay: (id) => session.otherWay(id) })
  const session = new LearningSession({
    learnerId,
    lesson: lessonId,
    class: first.class_id,
    device: deviceKind(),
    deviceId: deviceId(),
    sample: video.sample,
    clock: browserClock,
    store: new IdbHeartbeatStore(),
    transport: browserTransport,
    newId,
    onEvent,
  })

  let wanted: number | null = null
  /** Taken back from another device, which may have gone further: its place holds. */
  let following = false
  let attached = false
  /** Whether the film ran when the check came. */
  let resume = false
  let ticker: ReturnType<typeof setInterval> | undefined
  let gone = false
  let full = false

  function onEvent(event: SessionEvent): void {
    if (gone) return
    switch (event.type) {
      case 'status':
        onStatus(event.status)
        break
      case 'opened':
        policy.value = event.opened.policy
        live.checked = checked.value
        furthest.value = Math.max(furthest.value, event.opened.furthest_ms)
        live.settle(event.opened.verified_ms, event.opened.pending_ms, null)
        if (following) video.seek(Math.max(event.opened.position_ms, video.sample().position_ms))
        following = false
        void begin(event.opened.position_ms)
        break
      case 'totals':
        live.settle(event.verified_ms, event.pending_ms, event.through)
        break
      case 'stored':
        unsent.value = event.unsent_ms
        break
      case 'back_online':
        notice.value = event.over_limit_ms > 0 ? { kind: 'back_over', ms: event.over_limit_ms } : { kind: 'back', ms: event.stored_ms }
        void refresh()
        break
      case 'go_back':
        furthest.value = event.position_ms
        video.seek(event.position_ms)
        notice.value = { kind: 'not_watched', ms: event.position_ms }
        break
      case 'challenge':
        resume = video.state.playing || resume
        video.pause()
        live.setCounting(false)
        if (document.fullscreenElement) void document.exitFullscreen().catch(() => undefined)
        check.asked(event.challenge)
        softDoubleTone()
        break
      case 'challenge_lost':
        check.lost()
        live.setCounting(!full)
        notice.value = { kind: 'lost' }
        resumePlaying()
        break
      case 'verdict':
        onVerdict(event.verdict)
        break
      case 'void':
        void refresh()
        break
      case 'day_full':
        full = true
        dayFull.value = event.cap_min
        live.setCounting(false)
        video.pause()
        break
      case 'taken_over':
        video.pause()
        check.lost()
        takenOver.value = { device: event.device ?? 'unknown', at: event.at }
        break
      case 'refused':
        onRefused(event.code)
        break
      case 'ended':
        stopFor(event.reason)
        break
      case 'restarting':
        notice.value = { kind: 'restarting', ms: event.retry_after_ms }
        break
      case 'slept':
        notice.value = { kind: 'slept' }
        break
    }
  }

  function onStatus(next: SessionStatus): void {
    status.value = next
    offlineSince.value = next === 'offline' ? (offlineSince.value ?? performance.now()) : null
    if (next !== 'live') return
    if (notice.value?.kind === 'restarting' || notice.value?.kind === 'lost') notice.value = null
    video.reattach()
  }

  function onVerdict(verdict: Verdict): void {
    const before = check.view.value
    check.judged(verdict)
    if (verdict.result === 'try_again' || verdict.result === 'repeat_later') {
      if (verdict.result === 'try_again') softDoubleTone()
      return
    }
    live.setCounting(!full)
    live.settle(verdict.verified_ms, verdict.pending_ms, null)
    const refreshed = refresh()
    if (verdict.result === 'passed') notice.value = { kind: 'passed', ms: before?.pending_ms ?? 0 }
    else if (verdict.result === 'missed') notice.value = { kind: 'missed' }
    else notice.value = { kind: verdict.result }
    if (verdict.result === 'missed') resume = false
    else void refreshed.then(goOn)
  }

  function goOn(): void {
    if (gone || check.view.value) return
    if (resume) video.seek(goOnAt(lesson.value.segments, video.sample().position_ms))
    resumePlaying()
  }

  function resumePlaying(): void {
    if (resume && !document.hidden) void video.play()
    resume = false
  }

  function onRefused(code: RefusalCode): void {
    if (code !== 'face_check_needed' && code !== 'code_check_needed') {
      stopFor(isRefusal(code) ? code : 'not_found')
      return
    }
    video.pause()
    startCheck.value = code === 'face_check_needed' ? 'face' : 'code'
  }

  function startChecked(): void {
    startCheck.value = null
    takeBack()
  }

  function stopFor(reason: Refusal): void {
    video.pause()
    check.lost()
    refusal.value = reason
  }

  /** The key is given to a live session only, so the medium is fetched after it has opened. */
  async function begin(positionMs: number): Promise<void> {
    const { media, length_ms } = lesson.value
    if (attached || !media) return
    attached = true
    const wish = wanted ?? positionMs
    const start = wish > length_ms - END_MS ? 0 : seekTo(wish, length_ms, furthest.value, policy.value.seek_ahead).to_ms
    video.state.position_ms = start
    await video.attach(media.playlist_url, start)
    if (!gone && !check.view.value && !document.hidden) await video.play()
  }

  async function fetchLesson(): Promise<Lesson> {
    const path = { class_id: first.class_id, lesson_id: lessonId }
    return bodyOf(api.GET('/api/classes/{class_id}/lessons/{lesson_id}', { params: { path } }))
  }

  /** The server's own picture, after anything but plain watching. */
  async function refresh(): Promise<void> {
    const before = lesson.value
    const after = await fetchLesson().catch(() => null)
    if (!after || gone) return
    lesson.value = after
    furthest.value = Math.max(furthest.value, after.furthest_ms)
    live.reset(after.totals.verified_ms, after.totals.pending_ms, covered(after.segments))
    const ms = madeUpBetween(before.voids, after.voids)
    if (ms > 0) notice.value = { kind: 'made_up', ms }
  }

  /** The addresses of the medium are over after some hours; the lesson gives fresh ones. */
  async function retryMedia(): Promise<void> {
    if (video.state.trouble === 'expired') {
      const at = video.state.position_ms
      await refresh()
      if (lesson.value.media) await video.attach(lesson.value.media.playlist_url, at)
    } else video.reattach()
    await video.play()
  }

  function seek(wish: number): void {
    const { to_ms, held } = seekTo(wish, lesson.value.length_ms, furthest.value, policy.value.seek_ahead)
    video.seek(to_ms)
    if (held) notice.value = { kind: 'not_watched', ms: to_ms }
    else if (notice.value?.kind === 'not_watched') notice.value = null
  }

  function toggle(): void {
    if (check.view.value || takenOver.value || refusal.value || startCheck.value) return
    if (notice.value?.kind === 'hidden') notice.value = null
    if (video.state.playing) video.pause()
    else if (video.state.ended) {
      seek(0)
      void video.play()
    } else void video.play()
  }

  function makeUp(fromMs: number): void {
    if (!attached) {
      wanted = fromMs
      return
    }
    seek(fromMs)
    void video.play()
  }

  function takeBack(): void {
    takenOver.value = null
    refusal.value = null
    following = attached
    session.takeBack()
    if (attached) void video.play()
  }

  function continueUncounted(): void {
    dayFull.value = null
    void video.play()
  }

  function tick(): void {
    now.value = performance.now()
    const sample = video.sample()
    if (sample.state === 'playing') furthest.value = Math.max(furthest.value, sample.position_ms)
    live.advance({ playing: sample.state === 'playing', position_ms: sample.position_ms, monotonic_ms: now.value })
    shown.verified_ms = live.verifiedMs()
    shown.pending_ms = live.pendingMs()
    fresh.value = live.freshRanges
  }

  function onVisibility(): void {
    if (document.hidden) {
      if (!video.state.playing) return
      session.change(video.sample())
      video.pause()
      notice.value = { kind: 'hidden' }
    } else {
      session.change(video.sample())
    }
  }

  const onOnline = (): void => session.networkIsBack()
  const onPageHide = (): void => session.close()
  // A page out of the browser's cache has a session that was closed: it begins anew.
  const onPageShow = (event: PageTransitionEvent): void => {
    if (event.persisted) location.reload()
  }

  onMounted(() => {
    live.checked = checked.value
    live.reset(first.totals.verified_ms, first.totals.pending_ms, covered(first.segments))
    ticker = setInterval(tick, TICK_MS)
    document.addEventListener('visibilitychange', onVisibility)
    window.addEventListener('online', onOnline)
    window.addEventListener('pagehide', onPageHide)
    window.addEventListener('pageshow', onPageShow)
    if (first.media) void session.start()
  })

  onBeforeUnmount(() => {
    session.close()
    gone = true
    clearInterval(ticker)
    document.removeEventListener('visibilitychange', onVisibility)
    window.removeEventListener('online', onOnline)
    window.removeEventListener('pagehide', onPageHide)
    window.removeEventListener('pageshow', onPageShow)
    video.detach()
  })

  return {
    lesson, policy, checked, video, check, status, furthest, shown, picture, voids, unsent, showOffline, offlineOver, notice, takenOver,
    refusal, startCheck, dayFull,
    seek, toggle, makeUp, takeBack, startChecked, continueUncounted, retryMedia,
    cycleRate: () => video.setRate(nextRate(video.state.rate, policy.value.max_rate)),
    startAt: (ms: number) => (wanted = ms),
    clearNotice: () => (notice.value = null),
  }
}

export type LessonPlayer = ReturnType<typeof useLessonPlayer>

function isRefusal(code: string): code is Refusal {
  return ['class_not_open', 'not_enrolled', 'not_found', 'older_stays'].includes(code)
}
