// How the pictures of codes are drawn: alike on every device. A module of its own, because only what shows pictures needs it.
import drawings from "virtual:drawings";

import type { Shape } from "./pictures";

/** The square that shapes are placed in: from 0 to this, both ways. */
export const DRAWING_SIZE = 36;

/** The shapes of a picture by its number, first painted first; none for a number that is no picture's. */
export function drawingOf(number: number): readonly Shape[] {
  return drawings[number] ?? [];
}
