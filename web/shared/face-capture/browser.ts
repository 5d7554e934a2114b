/** The browser's cameras behind the port, with what some of them need. */
import { CARD_QUALITY, CARD_SIDE, fitted, FRAME_QUALITY, FRAME_SIDE, lightOf, type Size } from './pictures'
import type { Camera, Timer } from './ports'
import { CameraError, cameraOffered, troubleOf } from './trouble'

const LIGHT_SIDE = 32
/** The middle, where the face is. */
const MIDDLE = 0.5
const FIRST_PICTURE_WITHIN_MS = 8_000
/** A picture that is wholly black after this long is the fault of the player, not of the room. */
const BLACK_AFTER_MS = 700
const BLACK = 1

export const browserTimer: Timer = {
  nowMs: () => performance.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms)
    return () => clearTimeout(timer)
  },
}

export interface OpenOptions {
  facing?: 'user' | 'environment'
  /** The longest side of what is taken. */
  side?: number
  quality?: number
  signal: AbortSignal
  /** It went away: unplugged, or the permission was taken back. */
  onLost: () => void
}

/** Shows the camera in `video` and takes pictures from it. Rejects with a `CameraError`. */
export async function openCamera(video: HTMLVideoElement, options: OpenOptions): Promise<Camera> {
  const { facing = 'user', side = FRAME_SIDE, quality = FRAME_QUALITY, signal, onLost } = options
  const missing = cameraOffered({ isSecureContext, mediaDevices: typeof navigator.mediaDevices?.getUserMedia === 'function' })
  if (missing) throw new CameraError(missing)
  const ideal = facing === 'user' ? { width: { ideal: 640 }, height: { ideal: 480 } } : { width: { ideal: 1_920 }, height: { ideal: 1_080 } }
  const stream = await navigator.mediaDevices
    .getUserMedia({ audio: false, video: { facingMode: facing, ...ideal } })
    .catch((error: unknown) => Promise.reject(new CameraError(troubleOf(error), error)))
  const camera = new BrowserCamera(video, stream, side, quality)
  try {
    signal.throwIfAborted()
    for (const track of stream.getVideoTracks()) track.addEventListener('ended', onLost)
    await camera.show(signal)
  } catch (error) {
    camera.stop()
    throw error
  }
  return camera
}

/** What the person has decided before, where the browser tells: then it need not be asked again. */
export async function cameraPermission(): Promise<PermissionState | null> {
  try {
    return (await navigator.permissions.query({ name: 'camera' as PermissionName })).state
  } catch {
    return null
  }
}

/** A photograph from a file, small enough to send; as it is where the browser cannot read it. */
export async function shrunk(file: Blob): Promise<Blob> {
  try {
    const picture = await createImageBitmap(file, { imageOrientation: 'from-image' })
    const blob = await drawn(picture, { width: picture.width, height: picture.height }, CARD_SIDE, CARD_QUALITY)
    picture.close()
    return blob
  } catch {
    return file
  }
}

class BrowserCamera implements Camera {
  private readonly small = canvasOf({ width: LIGHT_SIDE, height: LIGHT_SIDE })
  private readonly onVisible = (): void => {
    // WebViews of phones stop the picture of a page in the background and do not start it again.
    if (!document.hidden) void this.video.play().catch(() => undefined)
  }

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly stream: MediaStream,
    private readonly side: number,
    private readonly quality: number,
  ) {}

  async show(signal: AbortSignal): Promise<void> {
    const { video } = this
    // Without these WeChat and iOS play over the whole screen, or not at all.
    for (const name of ['playsinline', 'webkit-playsinline', 'muted', 'autoplay']) video.setAttribute(name, '')
    video.muted = true
    video.srcObject = this.stream
    document.addEventListener('visibilitychange', this.onVisible)
    void video.play().catch(() => undefined)
    await this.firstPicture(signal)
    // Some iPhones show black until the second call.
    setTimeout(() => {
      if ((this.light() ?? BLACK) < BLACK) void video.play().catch(() => undefined)
    }, BLACK_AFTER_MS)
  }

  async frame(): Promise<Blob> {
    const { videoWidth: width, videoHeight: height } = this.video
    if (width === 0 || !this.stream.active) throw new CameraError('lost')
    return drawn(this.video, { width, height }, this.side, this.quality)
  }

  light(): number | null {
    const { videoWidth, videoHeight } = this.video
    const context = this.small.getContext('2d', { willReadFrequently: true })
    if (videoWidth === 0 || this.video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || !context) return null
    const [width, height] = [videoWidth * MIDDLE, videoHeight * MIDDLE]
    const [left, top] = [(videoWidth - width) / 2, (videoHeight - height) / 2]
    context.drawImage(this.video, left, top, width, height, 0, 0, LIGHT_SIDE, LIGHT_SIDE)
    return lightOf(context.getImageData(0, 0, LIGHT_SIDE, LIGHT_SIDE).data)
  }

  stop(): void {
    document.removeEventListener('visibilitychange', this.onVisible)
    for (const track of this.stream.getTracks()) track.stop()
    if (this.video.srcObject === this.stream) this.video.srcObject = null
  }

  private firstPicture(signal: AbortSignal): Promise<void> {
    const { video } = this
    if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => done(() => reject(new CameraError('busy'))), FIRST_PICTURE_WITHIN_MS)
      const onData = (): void => done(resolve)
      const onAbort = (): void => done(() => reject(signal.reason as Error))
      const done = (settle: () => void): void => {
        clearTimeout(timer)
        video.removeEventListener('loadeddata', onData)
        signal.removeEventListener('abort', onAbort)
        settle()
      }
      video.addEventListener('loadeddata', onData)
      signal.addEventListener('abort', onAbort)
    })
  }
}

async function drawn(source: CanvasImageSource, from: Size, side: number, quality: number): Promise<Blob> {
  const size = fitted(from, side)
  const canvas = canvasOf(size)
  canvas.getContext('2d')?.drawImage(source, 0, 0, size.width, size.height)
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', quality))
  if (!blob) throw new CameraError('unsupported')
  return blob
}

function canvasOf({ width, height }: Size): HTMLCanvasElement {
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  return canvas
}
