/** How large pictures are sent. */

export const FRAME_SIDE = 640
export const CARD_SIDE = 1_600
export const FRAME_QUALITY = 0.85
export const CARD_QUALITY = 0.9

export interface Size {
  width: number
  height: number
}

/** The same picture with no side longer than `most`; never enlarged. */
export function fitted({ width, height }: Size, most: number): Size {
  const share = Math.min(1, most / Math.max(width, height, 1))
  return { width: Math.max(1, Math.round(width * share)), height: Math.max(1, Math.round(height * share)) }
}

/** Mean luminance of RGBA pixels, 0 to 255. */
export function lightOf(rgba: ArrayLike<number>): number {
  let sum = 0
  const pixels = Math.floor(rgba.length / 4)
  for (let i = 0; i < pixels * 4; i += 4) {
    sum += 0.2126 * (rgba[i] ?? 0) + 0.7152 * (rgba[i + 1] ?? 0) + 0.0722 * (rgba[i + 2] ?? 0)
  }
  return pixels === 0 ? 0 : sum / pixels
}
