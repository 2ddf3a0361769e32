// The microphone and the loudspeaker of *Test my connection*: opened and closed within one probe.

import { Inventory } from "../call/belongings";
import { CapturedTracks, Microphone, MicrophoneError } from "../call/media";
import type { SoundTreatment } from "../call/screen";
import { Tones } from "../call/tones";
import type { MicrophoneFinding, SpeakerFinding } from "./findings";
import { pause } from "./pause";

/** The microphone is listened to for so long, in milliseconds: enough to say a word. */
const LISTEN_MS = 3_000;
const LOOK_MS = 100;
/** The ringing tone is played once, in milliseconds. */
const PLAY_MS = 2_200;

/**
 * Opens the microphone, as a call would, and tells how loud it is while it is open. The browser may ask the person,
 * for as long as they like.
 */
export async function testMicrophone(
  treatment: SoundTreatment,
  listening: (level: number) => void,
  signal: AbortSignal,
): Promise<MicrophoneFinding> {
  const deaf = { replaced: () => undefined, changed: () => undefined, lost: () => undefined };
  const ledger = { tracks: new CapturedTracks(), inventory: new Inventory() };
  let microphone: Microphone | null;
  try {
    microphone = await Microphone.open(signal, treatment, deaf, ledger);
  } catch (error) {
    if (!(error instanceof MicrophoneError)) throw error;
    return { is: "fault", fault: error.fault };
  }
  // Given up while the browser asked.
  if (!microphone) throw new DOMException("It was given up.", "AbortError");
  try {
    return {
      is: "open",
      name: microphone.track.label,
      peak: await listen(microphone.track, listening, signal),
    };
  } finally {
    microphone.close();
  }
}

async function listen(
  track: MediaStreamTrack,
  listening: (level: number) => void,
  signal: AbortSignal,
): Promise<number | null> {
  const context = new AudioContext();
  try {
    const analyser = new AnalyserNode(context, { fftSize: 8192 });
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let loudest = 0;
    for (let passed = 0; passed < LISTEN_MS; passed += LOOK_MS) {
      await pause(LOOK_MS, signal);
      analyser.getFloatTimeDomainData(samples);
      const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
      listening(peak);
      loudest = Math.max(loudest, peak);
    }
    return context.state === "running" ? loudest : null;
  } finally {
    void context.close();
  }
}

/** Plays the ringing tone once. */
export async function testSpeaker(signal: AbortSignal): Promise<SpeakerFinding> {
  const heldBack: boolean[] = [];
  const tones = new Tones((blocked) => heldBack.push(blocked));
  try {
    tones.play("ringing");
    await pause(PLAY_MS, signal);
    return { is: heldBack.at(-1) === true ? "held_back" : "played" };
  } finally {
    tones.close();
  }
}
