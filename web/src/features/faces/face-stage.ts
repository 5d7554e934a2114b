/** What the page about one's face shows. */
import type { Schemas } from '@zhipei/api-client'

export type FaceStage = 'unavailable' | 'enrolled' | 'refused' | 'consents' | 'intro'

/** Without both of these no face is taken. */
export const NEEDED = ['face_compare', 'face_upload']

type Given = Pick<Schemas['ConsentOut'], 'purpose' | 'live'>

export function agreedTo(given: readonly Given[]): Set<string> {
  return new Set(given.filter(({ live }) => live).map(({ purpose }) => purpose))
}

export function mayCompare(agreed: ReadonlySet<string>): boolean {
  return NEEDED.every((purpose) => agreed.has(purpose))
}

export function stageOf(face: Pick<Schemas['FaceOut'], 'available' | 'enrolled'>, agreed: ReadonlySet<string>, refused: boolean): FaceStage {
  if (face.enrolled && mayCompare(agreed)) return 'enrolled'
  if (!face.available) return 'unavailable'
  if (mayCompare(agreed)) return 'intro'
  return refused ? 'refused' : 'consents'
}
