// What the tones of a call sound like: notes, written down and turned into samples. No files.
//
// All tones stay below 1 kHz, start and end softly and differ in rhythm as well as in pitch, so that
// they are told apart by people who do not hear pitch well. Ringing is a tune, a waiting call two soft notes.

import type { Tone } from "../protocol/Tone";

/** What can be heard besides the other person: the handset's tones, and the cue of a path that broke. */
export type Sound = Exclude<Tone, "none"> | "reconnecting";

/** A tone as samples from -1 to 1. */
export interface Rendered {
  readonly samples: Float32Array<ArrayBuffer>;
  /** Whether it starts again at its end until it is stopped. */
  readonly loops: boolean;
}

/** Computes a tone. Costs some milliseconds. */
export function render(sound: Sound, samplesPerSecond: number): Rendered {
  const { seconds, loops, notes } = SCORES[sound];
  const samples = new Float32Array(Math.round(seconds * samplesPerSecond));
  for (const note of notes) add(note, samples, samplesPerSecond);
  return { samples, loops };
}

interface Note {
  /** Seconds from the start of the tone. */
  readonly at: number;
  /** Seconds until it is silent again. */
  readonly lasts: number;
  readonly hertz: number;
  /** Amplitude at its loudest, 0 to 1. */
  readonly loud: number;
  /** Struck like a bar of wood and dying away, or blown and even. */
  readonly kind: "struck" | "even";
}

interface Score {
  readonly seconds: number;
  readonly loops: boolean;
  readonly notes: readonly Note[];
}

const G3 = 196;
const D4 = 293.66;
const E4 = 329.63;
const G4 = 392;
const B4 = 493.88;
const D5 = 587.33;
const E5 = 659.26;

const struck = (at: number, hertz: number, loud: number): Note => ({
  at,
  lasts: 0.9,
  hertz,
  loud,
  kind: "struck",
});
const even = (at: number, lasts: number, hertz: number, loud: number): Note => ({
  at,
  lasts,
  hertz,
  loud,
  kind: "even",
});

const SCORES: Record<Sound, Score> = {
  ringing: {
    seconds: 3,
    loops: true,
    notes: [
      struck(0, G4, 0.4),
      struck(0.16, B4, 0.4),
      struck(0.32, D5, 0.42),
      struck(0.64, E5, 0.45),
      struck(0.96, D5, 0.38),
      struck(1.28, B4, 0.34),
    ],
  },
  // Heard over somebody who talks: soft, short, seldom.
  waiting: {
    seconds: 5,
    loops: true,
    notes: [even(0, 0.14, E4, 0.07), even(0.24, 0.14, G4, 0.07)],
  },
  calling: {
    seconds: 2,
    loops: true,
    notes: [even(0, 0.16, G3 * 2, 0.08), even(0.24, 0.16, G3 * 2, 0.05)],
  },
  // The rhythm of many countries: one second on, some off.
  ringback: {
    seconds: 4,
    loops: true,
    notes: [even(0, 1.1, 425, 0.1), even(0, 1.1, 440, 0.06)],
  },
  busy: {
    seconds: 3,
    loops: false,
    notes: [0, 0.75, 1.5, 2.25].map((at) => even(at, 0.375, 425, 0.14)),
  },
  end: {
    seconds: 0.7,
    loops: false,
    notes: [even(0, 0.18, E4, 0.16), even(0.2, 0.3, G3, 0.18)],
  },
  reconnecting: {
    seconds: 3.5,
    loops: true,
    notes: [even(0, 0.1, D4, 0.07), even(0.16, 0.1, D4, 0.07)],
  },
};

/** How fast an even note comes and goes; faster would click. */
const EDGE_SECONDS = 0.02;
/** How fast a struck note reaches its loudest. */
const STRIKE_SECONDS = 0.005;
/** After so long a struck note has lost two thirds of its loudness. */
const DECAY_SECONDS = 0.22;

function add({ at, lasts, hertz, loud, kind }: Note, to: Float32Array, rate: number): void {
  const start = Math.round(at * rate);
  const length = Math.min(Math.round(lasts * rate), to.length - start);
  for (let i = 0; i < length; i += 1) {
    const t = i / rate;
    const turn = 2 * Math.PI * hertz * t;
    const end = softly((lasts - t) / EDGE_SECONDS);
    const wave =
      kind === "even"
        ? Math.sin(turn) * softly(t / EDGE_SECONDS)
        : (Math.sin(turn) + 0.25 * Math.sin(2 * turn) * Math.exp(-t / 0.08)) *
          0.8 *
          softly(t / STRIKE_SECONDS) *
          Math.exp(-t / DECAY_SECONDS);
    to[start + i] = (to[start + i] ?? 0) + loud * wave * end;
  }
}

/** From 0 at 0 to 1 at 1 and beyond, without a corner at either end. */
function softly(x: number): number {
  const inside = Math.min(Math.max(x, 0), 1);
  return 0.5 - 0.5 * Math.cos(Math.PI * inside);
}
