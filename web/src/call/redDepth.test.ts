import { expect, it } from "vitest";

import { CALM_MS, type DepthState, FIRST_DEPTH, heed, QUEUE_MS } from "./redDepth";

it("repeats more as soon as more is lost", () => {
  const depths = [0, 0.01, 0.02, 0.06, 0.07, 0.5].map(
    (lost) => heed(FIRST_DEPTH, { lost, roundTripMs: 50 }, 0).depth,
  );
  expect(depths).toEqual([1, 1, 2, 2, 3, 3]);
});

it("repeats less, step by step, once few were lost for a while", () => {
  let state = heed(FIRST_DEPTH, { lost: 0.2, roundTripMs: 50 }, 0);
  const depthAt = (now: number, lost: number): number =>
    (state = heed(state, { lost, roundTripMs: 50 }, now)).depth;
  expect(depthAt(CALM_MS - 1, 0)).toBe(3);
  expect(depthAt(CALM_MS, 0)).toBe(2);
  expect(depthAt(2 * CALM_MS - 1, 0.03)).toBe(2);
  expect(depthAt(3 * CALM_MS - 2, 0)).toBe(2);
  expect(depthAt(3 * CALM_MS - 1, 0)).toBe(1);
  expect(depthAt(9 * CALM_MS, 0)).toBe(1);
});

it("adds nothing to a queue", () => {
  const quick: DepthState = heed(FIRST_DEPTH, { lost: 0.1, roundTripMs: 80 }, 0);
  expect(heed(quick, { lost: 0.3, roundTripMs: 80 + QUEUE_MS }, 1).depth).toBe(3);
  expect(heed(quick, { lost: 0.3, roundTripMs: 81 + QUEUE_MS }, 1).depth).toBe(1);
  expect(heed(quick, { lost: 0.3, roundTripMs: null }, 1).depth).toBe(3);
});

it("takes a path that is far for what it is", () => {
  expect(heed(FIRST_DEPTH, { lost: 0.1, roundTripMs: 900 }, 0).depth).toBe(3);
});
