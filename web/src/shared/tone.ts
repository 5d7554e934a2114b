/** Soft tones, never an alarm. Silent where the browser forbids sound. */

const [LOW, HIGH] = [660, 880]

/** Something is asked now. */
export function softTone(): void {
  sound([[HIGH, 0]])
}

/** A check begins, or an action is done. */
export function softDoubleTone(): void {
  sound([[LOW, 0], [HIGH, 0.28]])
}

function sound(notes: readonly (readonly [hertz: number, after: number])[]): void {
  if (typeof AudioContext === 'undefined') return
  try {
    const audio = new AudioContext()
    const played = notes.map(([hertz, after]) => note(audio, hertz, after))
    played.at(-1)?.addEventListener('ended', () => void audio.close())
  } catch {
    // No sound device: the words are on the screen all the same.
  }
}

function note(audio: AudioContext, hertz: number, after: number): OscillatorNode {
  const begin = audio.currentTime + after
  const tone = audio.createOscillator()
  const loudness = audio.createGain()
  tone.frequency.value = hertz
  loudness.gain.setValueAtTime(0, begin)
  loudness.gain.linearRampToValueAtTime(0.12, begin + 0.04)
  loudness.gain.exponentialRampToValueAtTime(0.001, begin + 0.24)
  tone.connect(loudness).connect(audio.destination)
  tone.start(begin)
  tone.stop(begin + 0.26)
  return tone
}
