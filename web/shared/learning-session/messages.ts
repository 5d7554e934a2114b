/** The learning protocol, version 1: what client and server say to each other. Times are whole milliseconds. */

export type PlayState = 'playing' | 'paused' | 'hidden' | 'ended'
export type CheckKind = 'off' | 'presence' | 'face' | 'face_action' | 'sms'
export type DeviceKind = 'pc' | 'phone'

/** What the player does at one moment. A state holds until the next heartbeat. */
export interface Sample {
  state: PlayState
  position_ms: number
  rate: number
}

export interface Heartbeat extends Sample {
  seq: number
  /** The client's monotonic clock, rounded. */
  client_ms: number
}

/** What a check asks: to pick `ask` among `options`, or frames that show `actions`, sent to `nonce`. */
export interface Prompt {
  ask: string
  options: string[]
  actions?: string[]
  nonce?: string
}

export interface SessionPolicy {
  check_kind: CheckKind
  check_min_ms: number
  check_max_ms: number
  answer_within_s: number
  tries: number
  seek_ahead: boolean
  max_rate: number
  cap_min: number
  minutes_per_hour: number
}

export type ClientMessage =
  | {
      type: 'open'
      protocol: 1
      device_id: string
      device: DeviceKind
      class?: string
      lesson: string
      clock_id: string
      client_ms: number
    }
  | { type: 'resume'; protocol: 1; clock_id: string; epoch: number }
  | { type: 'heartbeats'; clock_id: string; items: Heartbeat[] }
  | { type: 'challenge_answer'; id: string; answer: string }
  | { type: 'other_way'; id: string }
  | { type: 'close'; clock_id: string }

export interface Opened {
  type: 'opened'
  session: string
  clock_id: string
  epoch: number
  last_seq: number
  server_time: number
  position_ms: number
  furthest_ms: number
  verified_ms: number
  pending_ms: number
  policy: SessionPolicy
}

export type RefusalCode =
  | 'drift'
  | 'clock_used'
  | 'older_stays'
  | 'clock_ended'
  | 'not_enrolled'
  | 'class_not_open'
  | 'not_found'
  | 'face_check_needed'
  | 'code_check_needed'

export interface Refused {
  type: 'refused'
  clock_id: string
  code: RefusalCode
  title: string
}

/** `seq: null` means the server does not know this clock: its buffer is to be dropped. */
export interface Ack {
  type: 'ack'
  clock_id: string
  seq: number | null
  verified_ms: number
  pending_ms: number
  today_ms: number
}

export interface Challenge {
  type: 'challenge'
  id: string
  kind: string
  closing: boolean
  round: number
  attempt: number
  tries: number
  prompt: Prompt
  pending_ms: number
  answer_within_ms: number
}

export type VerdictResult = 'passed' | 'try_again' | 'repeat_later' | 'missed' | 'frozen' | 'postponed'

export interface Verdict {
  type: 'verdict'
  id: string
  result: VerdictResult
  verified_ms: number
  pending_ms: number
  next_in_ms?: number | null
  attempt?: number | null
  prompt?: Prompt | null
}

export interface VoidInterval {
  lesson: string
  media_from: number
  media_to: number
  server_from: number
  server_to: number
  ms: number
}

export interface GoBack {
  type: 'go_back'
  clock_id: string
  seq: number
  position_ms: number
  reason: string
}

export type EndReason = 'logged_out' | 'class_ended' | 'protocol'

export type ServerMessage =
  | Opened
  | Refused
  | Ack
  | GoBack
  | Challenge
  | Verdict
  | { type: 'void'; reason: string; intervals: VoidInterval[] }
  | { type: 'day_full'; cap_min: number }
  | { type: 'taken_over'; device: DeviceKind; at: number }
  | { type: 'end'; reason: EndReason }
  | { type: 'restarting'; retry_after_ms: number }

/** A frame that is no protocol message is ignored: a newer server may say more than this client knows. */
export function parseServerMessage(text: string): ServerMessage | null {
  try {
    const value: unknown = JSON.parse(text)
    return isServerMessage(value) ? value : null
  } catch {
    return null
  }
}

const SERVER_TYPES = new Set([
  'opened', 'refused', 'ack', 'go_back', 'challenge', 'verdict', 'void', 'day_full', 'taken_over', 'end', 'restarting',
])

function isServerMessage(value: unknown): value is ServerMessage {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    typeof value.type === 'string' &&
    SERVER_TYPES.has(value.type)
  )
}
