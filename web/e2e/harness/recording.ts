/** Listens to a page's call for a while, many times a second, and says how long there was silence. */
import type { Page } from "@playwright/test";

/** Pitches that were heard during something, and for how long there was nothing. */
export interface Recording {
  /** The longest time in which none of the pitches was heard, in milliseconds. */
  longestSilence: number;
  /** When each pitch was heard first and last, by `Date.now()`; missing where it never was. */
  heard: Map<number, { first: number; last: number }>;
}

/** A recording under way. */
export interface Recorder {
  /** What was heard until now; the recording goes on. */
  soFar(): Promise<Recording>;
  /** Ends the recording. */
  stop(): Promise<Recording>;
}

/** Starts to listen for pitches that are louder than so many decibels. */
export async function record(
  page: Pick<Page, "evaluate">,
  pitches: readonly number[],
  heardDb: number,
): Promise<Recorder> {
  await page.evaluate(startRecorder, { pitches: [...pitches], heardDb });
  const soFar = async (): Promise<Recording> =>
    judge(await page.evaluate(() => (globalThis as unknown as { notes: Notes }).notes.samples));
  return {
    soFar,
    stop: async () => {
      await page.evaluate(() =>
        clearInterval((globalThis as unknown as { notes: Notes }).notes.timer),
      );
      return soFar();
    },
  };
}

/** When it was looked, and which pitches were heard then. */
type Sample = readonly [at: number, heard: number[]];

interface Notes {
  samples: Sample[];
  timer: number;
}

/** Runs in the page: notes 40 times a second which pitches are heard; what is muted is not. Must be self-contained. */
function startRecorder({ pitches, heardDb }: { pitches: number[]; heardDb: number }): void {
  const context = new AudioContext();
  let tap: { stream: MediaStream; analyser: AnalyserNode } | null = null;
  const samples: [number, number[]][] = [];
  const look = (): void => {
    const elements = [...document.querySelectorAll("audio")];
    const stream = elements.find(({ muted }) => !muted)?.srcObject;
    if (!(stream instanceof MediaStream)) {
      samples.push([Date.now(), []]);
      return;
    }
    if (tap?.stream !== stream) {
      const analyser = new AnalyserNode(context, { fftSize: 2048, smoothingTimeConstant: 0 });
      context.createMediaStreamSource(stream).connect(analyser);
      tap = { stream, analyser };
    }
    const { analyser } = tap;
    const bins = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(bins);
    const heard = pitches.filter((pitch) => {
      const bin = Math.round((pitch * analyser.fftSize) / context.sampleRate);
      return Math.max(...bins.subarray(bin - 1, bin + 2)) > heardDb;
    });
    samples.push([Date.now(), heard]);
  };
  void context.resume();
  const timer = setInterval(look, 25) as unknown as number;
  Object.assign(globalThis, { notes: { samples, timer } satisfies Notes });
}

/** Silence is what lies between two sounds with a look in between that heard nothing, ends included. */
function judge(samples: readonly Sample[]): Recording {
  const heard: Recording["heard"] = new Map();
  let longestSilence = 0;
  let silentSince: number | null = null;
  let before = samples[0]?.[0] ?? 0;
  for (const [at, pitches] of samples) {
    for (const pitch of pitches)
      heard.set(pitch, { first: heard.get(pitch)?.first ?? at, last: at });
    if (pitches.length === 0) silentSince ??= before;
    if (silentSince !== null) longestSilence = Math.max(longestSilence, at - silentSince);
    if (pitches.length > 0) silentSince = null;
    before = at;
  }
  return { longestSilence, heard };
}
