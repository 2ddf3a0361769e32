import { expect, test } from "vitest";

import { render, type Sound } from "./toneSounds";

const RATE = 48_000;
const SOUNDS: Sound[] = [
  "ringing",
  "waiting",
  "calling",
  "ringback",
  "busy",
  "end",
  "reconnecting",
];

test.each(SOUNDS)("%s starts within 50 ms, so that it is heard when it is meant", (sound) => {
  expect(peak(render(sound, RATE).samples.subarray(0, 0.05 * RATE))).toBeGreaterThan(0.02);
});

test.each(SOUNDS)("%s neither clips nor whispers", (sound) => {
  const loudest = peak(render(sound, RATE).samples);
  expect(loudest).toBeGreaterThan(0.05);
  expect(loudest).toBeLessThan(0.8);
});

test.each(SOUNDS)("%s comes and goes without a click", (sound) => {
  const { samples } = render(sound, RATE);
  let step = 0;
  for (let i = 1; i < samples.length; i += 1) {
    step = Math.max(step, Math.abs((samples[i] ?? 0) - (samples[i - 1] ?? 0)));
  }
  // The steepest that a wave of 1 kHz and full loudness is.
  expect(step).toBeLessThan((2 * Math.PI * 1000) / RATE);
  // What loops must fit to its own beginning.
  expect(Math.abs(samples[0] ?? 1)).toBeLessThan(0.001);
  expect(Math.abs(samples.at(-1) ?? 1)).toBeLessThan(0.01);
});

test.each(SOUNDS)("%s is not shrill", (sound) => {
  const { samples } = render(sound, RATE);
  const low = [196, 293.66, 329.63, 392, 425, 440, 493.88, 587.33, 659.26];
  const high = [2000, 2500, 3000, 4000];
  const strongest = (hertz: number[]) => Math.max(...hertz.map((h) => power(samples, h)));
  expect(strongest(low)).toBeGreaterThan(100 * strongest(high));
});

test("what waits for somebody loops, what tells of an end stops by itself", () => {
  const looping = SOUNDS.filter((sound) => render(sound, RATE).loops);
  expect(looping).toEqual(["ringing", "waiting", "calling", "ringback", "reconnecting"]);
});

test("ringing, calling and ringback differ in rhythm", () => {
  const rhythms = (["ringing", "calling", "ringback"] as const).map((sound) => {
    const { samples } = render(sound, RATE);
    const slot = RATE / 10;
    return Array.from({ length: Math.floor(samples.length / slot) }, (_, i) =>
      peak(samples.subarray(i * slot, (i + 1) * slot)) > 0.02 ? "x" : "-",
    ).join("");
  });
  expect(new Set(rhythms).size).toBe(3);
});

function peak(samples: Float32Array): number {
  return samples.reduce((loudest, sample) => Math.max(loudest, Math.abs(sample)), 0);
}

/** Goertzel: how much of a pitch there is. */
function power(samples: Float32Array, hertz: number): number {
  const turn = 2 * Math.cos((2 * Math.PI * hertz) / RATE);
  let [last, before] = [0, 0];
  for (const sample of samples) [last, before] = [sample + turn * last - before, last];
  return last * last + before * before - turn * last * before;
}
