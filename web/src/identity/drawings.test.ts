import { expect, test } from "vitest";

import { DRAWING_SIZE, drawingOf } from "./drawings";
import { TABLE } from "./pictures";

test("every picture has a drawing of its own", () => {
  const all = TABLE.map((_, number) => JSON.stringify(drawingOf(number)));
  expect(all).toHaveLength(64);
  expect(new Set(all).size).toBe(64);
  expect(Math.min(...all.map((drawing) => drawing.length))).toBeGreaterThan(50);
});

test("a number that is no picture's has none", () => {
  for (const number of [64, -1, 0.5, Number.NaN]) expect(drawingOf(number)).toEqual([]);
});

test("round shapes lie in the square", () => {
  for (let number = 0; number < TABLE.length; number += 1) {
    for (const shape of drawingOf(number)) {
      if ("d" in shape) continue;
      expect(shape.cx).toBeGreaterThanOrEqual(0);
      expect(shape.cx).toBeLessThanOrEqual(DRAWING_SIZE);
      expect(shape.cy).toBeGreaterThanOrEqual(0);
      expect(shape.cy).toBeLessThanOrEqual(DRAWING_SIZE);
      expect(Math.min(shape.rx, shape.ry)).toBeGreaterThan(0);
    }
  }
});
