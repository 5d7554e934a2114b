/** What a person is asked to do before the camera. Left and right are the person's own. */

export const FACE_ACTIONS = ['blink', 'open_mouth', 'turn_left', 'turn_right'] as const
export type FaceAction = (typeof FACE_ACTIONS)[number]

export function isFaceAction(name: string): name is FaceAction {
  return (FACE_ACTIONS as readonly string[]).includes(name)
}

/** The actions that this client can ask for; `null` where the server asks for one that it does not know. */
export function knownActions(names: readonly string[]): FaceAction[] | null {
  return names.every(isFaceAction) ? [...names] : null
}

/** Where the arrow points on the screen. The preview is a mirror: who turns to their left sees themselves turn to the left. */
export function arrowOf(action: FaceAction): 'left' | 'right' | null {
  if (action === 'turn_left') return 'left'
  return action === 'turn_right' ? 'right' : null
}
