/** Tells the product's tones apart by how long they are and whether they go round. */
import { render, type Sound } from "../../src/call/toneSounds";
import type { StartedTone } from "./witness";

const RATE = 8_000;

const SOUNDS: readonly Sound[] = [
  "ringing",
  "waiting",
  "calling",
  "ringback",
  "busy",
  "end",
  "reconnecting",
];

/** Which tone of the product lasts so long and goes round or not. */
export function soundOf({ seconds, loops }: StartedTone): Sound {
  const sound = SOUNDS.find((candidate) => {
    const rendered = render(candidate, RATE);
    const length = rendered.samples.length / RATE;
    return rendered.loops === loops && Math.abs(length - seconds) < 0.01;
  });
  if (sound === undefined) throw new Error(`no tone lasts ${seconds} s`);
  return sound;
}
