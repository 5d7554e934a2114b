/** A person before the browser's camera, who reads what is asked and does it; or a photograph, or nobody. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { cache } from './server'

const POSES = ['still', 'blink', 'mouth', 'left', 'right'] as const
type Pose = (typeof POSES)[number]
type Poses = Record<Pose, string>

/** Whose face the journeys enrol, and somebody else. */
export const OWN = 'person_b_1'
export const STRANGER = 'person_a_1'

/** A living person: looks, and does what the words ask for. */
export async function personBefore(page: Page, name: string): Promise<void> {
  await before(page, await posesOf(name))
}

/** A photograph held before the camera, by a hand that is not quite still. */
export async function photographBefore(page: Page, name: string): Promise<void> {
  const { still } = await posesOf(name)
  await before(page, { still, blink: still, mouth: still, left: still, right: still })
}

export async function noCamera(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const refuse = (): Promise<never> => Promise.reject(new DOMException('no camera', 'NotFoundError'))
    Object.defineProperty(navigator, 'mediaDevices', { value: { getUserMedia: refuse }, configurable: true })
  })
}

/** The tests of faces draw these from the photographs and keep them beside the models. */
async function posesOf(name: string): Promise<Poses> {
  const folder = join(cache, 'models/frames')
  const files = (await readdir(folder).catch(() => [])).sort()
  const drawn = await Promise.all(
    POSES.map(async (pose) => {
      const file = files.filter((one) => one.startsWith(`${name}-${pose}-`) && !one.includes('.part.')).at(-1)
      if (file === undefined) throw new Error(`no ${name}-${pose} in ${folder}: run \`cargo nextest run -p zhipei-tests --test face\` first`)
      return [pose, `data:image/png;base64,${(await readFile(join(folder, file))).toString('base64')}`]
    }),
  )
  return Object.fromEntries(drawn) as Poses
}

async function before(page: Page, poses: Poses): Promise<void> {
  await page.addInitScript((pictures: Poses) => {
    const [width, height, margin] = [480, 640, 24]
    const REACTION_MS = 350
    /** What is asked, as it stands on the screen. */
    const asked = (): Pose => {
      const words = document.querySelector('.capture .steps .now b')?.textContent ?? ''
      if (words.includes('闭上眼睛')) return 'blink'
      if (words.includes('张开嘴')) return 'mouth'
      if (words.includes('向左转头')) return 'left'
      return words.includes('向右转头') ? 'right' : 'still'
    }
    const loaded = Object.fromEntries(
      Object.entries(pictures).map(([pose, address]) => {
        const image = new Image()
        image.src = address
        return [pose, image]
      }),
    ) as Record<Pose, HTMLImageElement>

    const getUserMedia = async (): Promise<MediaStream> => {
      await Promise.all(Object.values(loaded).map((image) => image.decode()))
      const canvas = document.createElement('canvas')
      Object.assign(canvas, { width, height })
      const context = canvas.getContext('2d', { willReadFrequently: true })
      if (!context) throw new DOMException('no canvas', 'NotReadableError')
      let [seen, doing]: [Pose, Pose] = ['still', 'still']
      const draw = (): void => {
        const now = asked()
        if (now !== seen) {
          seen = now
          setTimeout(() => (doing = now), REACTION_MS)
        }
        const image = loaded[doing]
        const share = Math.max((width + margin) / image.naturalWidth, (height + margin) / image.naturalHeight)
        const [wide, high] = [image.naturalWidth * share, image.naturalHeight * share]
        // Nobody is quite still, and no sensor gives the same pixels twice.
        const shift = (): number => (Math.random() - 0.5) * margin
        context.drawImage(image, (width - wide) / 2 + shift(), (height - high) / 2 + shift(), wide, high)
        const pixels = context.getImageData(0, 0, width, height)
        for (let i = 0; i < pixels.data.length; i += 1) if (i % 4 !== 3) pixels.data[i] = (pixels.data[i] ?? 0) + Math.round(Math.random() * 8 - 4)
        context.putImageData(pixels, 0, 0)
      }
      draw()
      const timer = setInterval(draw, 120)
      const stream = canvas.captureStream(10)
      const [track] = stream.getVideoTracks()
      if (track) {
        const stop = track.stop.bind(track)
        track.stop = () => {
          clearInterval(timer)
          stop()
        }
      }
      return stream
    }
    Object.defineProperty(navigator, 'mediaDevices', { value: { getUserMedia }, configurable: true })
  }, poses)
}
