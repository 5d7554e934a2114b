/** Is the face in place? From the server's hints where they come, from the light alone where they do not. */

/** What could be better in a picture; `null`: nothing. */
export type HintCode = string | null

const GOOD_IN_A_ROW = 2
/** A hint that is older says nothing of now. */
const HINT_HOLDS_MS = 2_500
const TOO_DARK = 35
const TOO_BRIGHT = 235

export interface Placement {
  /** What to say now; `null` while there is nothing to better, or nothing is known. */
  code: HintCode
  ready: boolean
}

export class Placing {
  private good = 0
  private code: HintCode = null
  private hintAt: number | null = null
  private lightSince: number | null = null

  /** The server has looked. */
  hinted(code: HintCode, nowMs: number): void {
    this.hintAt = nowMs
    this.code = code
    this.good = code === null ? this.good + 1 : 0
  }

  /** `light` as a camera measures it; call it a few times a second. */
  look(light: number | null, nowMs: number): Placement {
    const dim = light === null ? null : light < TOO_DARK ? 'more_light' : light > TOO_BRIGHT ? 'less_light' : null
    if (light === null || dim !== null) this.lightSince = null
    else this.lightSince ??= nowMs
    if (this.hintAt !== null && nowMs - this.hintAt <= HINT_HOLDS_MS) return { code: this.code, ready: this.good >= GOOD_IN_A_ROW }
    this.good = 0
    return { code: dim, ready: this.lightSince !== null && nowMs - this.lightSince >= HINT_HOLDS_MS }
  }
}
