/** Faces on the wire. */
import { bodyOf, type Schemas } from '@zhipei/api-client'
import { api } from '@/shared/api'

export type MyFace = Schemas['FaceOut']
export type FaceChallenge = Schemas['FaceChallengeOut']
export type FaceVerdict = Schemas['FaceVerdictOut']
export type FaceFailure = Schemas['FailureOut']

/** The document calls a form bytes; what is sent is the form. */
export function formOf(frames: readonly Blob[]): number[] {
  const form = new FormData()
  for (const [index, frame] of frames.entries()) form.append('frame', frame, `${index}.jpg`)
  return form as unknown as number[]
}

/** What could be better in a picture, as a code; `null`: nothing. */
export async function faceHint(frame: Blob): Promise<string | null> {
  return (await bodyOf(api.POST('/api/face/hints', { body: formOf([frame]) }))).code
}

export async function answerChallenge(id: string, frames: readonly Blob[]): Promise<FaceVerdict> {
  return bodyOf(api.POST('/api/face/challenges/{id}/frames', { params: { path: { id } }, body: formOf(frames) }))
}

/** What is wrong with frames; empty only when they passed. */
export function failuresOf({ passed, failures }: FaceVerdict): readonly FaceFailure[] {
  if (passed) return []
  return failures.length > 0 ? failures : [{ code: 'mismatch', words: '' }]
}
