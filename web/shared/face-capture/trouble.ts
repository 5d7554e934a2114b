/** Why there is no picture, and in which browser it is to be mended. */

export type CameraTrouble =
  /** The person, or their earlier choice, said no. */
  | 'denied'
  /** No camera is connected. */
  | 'missing'
  /** Another program has it. */
  | 'busy'
  /** The page is not served over TLS: browsers offer no camera then. */
  | 'insecure'
  | 'unsupported'
  /** It went away while it was used. */
  | 'lost'

export type BrowserKind = 'wechat' | 'edge' | 'chrome' | 'safari' | 'other'

export class CameraError extends Error {
  constructor(
    readonly trouble: CameraTrouble,
    cause?: unknown,
  ) {
    super(trouble, { cause })
    this.name = 'CameraError'
  }
}

const NAMES: Record<string, CameraTrouble> = {
  NotAllowedError: 'denied',
  PermissionDeniedError: 'denied',
  SecurityError: 'denied',
  NotFoundError: 'missing',
  DevicesNotFoundError: 'missing',
  OverconstrainedError: 'missing',
  NotReadableError: 'busy',
  TrackStartError: 'busy',
  AbortError: 'busy',
}

/** Older WebViews name some of these in their own way. */
export function troubleOf(error: unknown): CameraTrouble {
  if (error instanceof CameraError) return error.trouble
  const name = typeof error === 'object' && error !== null ? (Reflect.get(error, 'name') as unknown) : null
  return (typeof name === 'string' ? NAMES[name] : undefined) ?? 'unsupported'
}

export function browserKind(agent: string): BrowserKind {
  if (/MicroMessenger/i.test(agent)) return 'wechat'
  if (/Edg(e|A|iOS)?\//.test(agent)) return 'edge'
  if (/Chrome\/|CriOS\//.test(agent)) return 'chrome'
  return /Safari\//.test(agent) ? 'safari' : 'other'
}

/** Without TLS a browser hides its cameras; on the machine itself it does not. */
export function cameraOffered(place: { isSecureContext: boolean; mediaDevices: boolean }): CameraTrouble | null {
  if (place.mediaDevices) return null
  return place.isSecureContext ? 'unsupported' : 'insecure'
}
