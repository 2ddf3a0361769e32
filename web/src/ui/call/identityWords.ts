// What stands on a call's screen of who is at the other end.

import type { OtherEnd } from "../../protocol/OtherEnd";
import type { Standing } from "../../protocol/Standing";

/** The line on the screen. */
export const IDENTITY_LABELS: Record<Standing, string> = {
  verified: "Verified",
  known: "Encrypted",
  first: "Encrypted",
  changed: "New device",
};

/** What it means, in paragraphs. */
export function identityWords({ standing, code }: OtherEnd, name: string): string[] {
  const meaning = {
    verified: `You have compared pictures with ${name}, on this device or on one that vouches for it.`,
    known: `${name} talks on a device that you have talked with before. Compare the pictures to be sure that it is ${name}’s.`,
    first: `You talk with ${name} for the first time from here. Compare the pictures to be sure that nobody is in between.`,
    changed: `${name} talks on a device that is new to you. It may be a new phone or browser, or somebody who pretends to be ${name}. Compare the pictures.`,
  }[standing];
  const what =
    code === null
      ? "The pictures to compare are not there yet."
      : `Read these pictures to each other. If ${name} sees the same ones in the same order, nobody listens in.`;
  return [meaning, what];
}

/** Why nothing is heard. */
export function silencedWords(name: string): string {
  return `This is a device that you do not know as ${name}’s. Nothing is heard until you decide.`;
}
