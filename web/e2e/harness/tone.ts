/** Sound for fake microphones: a pure tone as a WAV file (RIFF, PCM, 16 bit, mono). */

const SAMPLES_PER_SECOND = 48_000;
const HEADER_BYTES = 44;
/** Half of full scale: loud enough to be found, far from clipping after gain control. */
const AMPLITUDE = 0x4000;

/** One second of a tone. Whole cycles only, so that it loops without a click: hertz must be an integer. */
export function toneWav(hertz: number): Buffer {
  if (!Number.isInteger(hertz) || hertz <= 0 || hertz >= SAMPLES_PER_SECOND / 2) {
    throw new RangeError(`a tone needs whole hertz below ${SAMPLES_PER_SECOND / 2}, not ${hertz}`);
  }
  const dataBytes = SAMPLES_PER_SECOND * 2;
  const wav = Buffer.alloc(HEADER_BYTES + dataBytes);
  wav.write("RIFF", 0, "ascii");
  wav.writeUInt32LE(HEADER_BYTES - 8 + dataBytes, 4);
  wav.write("WAVEfmt ", 8, "ascii");
  wav.writeUInt32LE(16, 16); // bytes of the format that follow
  wav.writeUInt16LE(1, 20); // PCM
  wav.writeUInt16LE(1, 22); // channels
  wav.writeUInt32LE(SAMPLES_PER_SECOND, 24);
  wav.writeUInt32LE(SAMPLES_PER_SECOND * 2, 28); // bytes per second
  wav.writeUInt16LE(2, 32); // bytes per frame
  wav.writeUInt16LE(16, 34); // bits per sample
  wav.write("data", 36, "ascii");
  wav.writeUInt32LE(dataBytes, 40);
  for (let i = 0; i < SAMPLES_PER_SECOND; i += 1) {
    const angle = (2 * Math.PI * hertz * i) / SAMPLES_PER_SECOND;
    wav.writeInt16LE(Math.round(AMPLITUDE * Math.sin(angle)), HEADER_BYTES + 2 * i);
  }
  return wav;
}
