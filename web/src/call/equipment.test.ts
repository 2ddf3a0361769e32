import { expect, test } from "vitest";

import { loudness } from "./equipment";

test("loudness follows the ear: 0 from -50 dB down, 1 at full scale", () => {
  expect(loudness(0)).toBe(0);
  expect(loudness(0.001)).toBe(0);
  expect(loudness(1)).toBe(1);
  expect(loudness(2)).toBe(1);
  // Speech at arm's length, about -26 dB, is in the middle.
  expect(loudness(0.05)).toBeCloseTo(0.48, 2);
});
