/** A soft double tone, for a check that begins. Silent where the browser forbids sound. */
export function softDoubleTone(): void {
  if (typeof AudioContext === 'undefined') return
  try {
    const audio = new AudioContext()
    note(audio, 660, 0)
    const last = note(audio, 880, 0.28)
    last.addEventListener('ended', () => void audio.close())
  } catch {
    // No sound device: the question is on the screen all the same.
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
