import { expect, test } from "vitest";

import { reconnectDelay } from "./reconnect";

test("the first attempts come at once and then at growing distances", () => {
  const delays = [0, 1, 2, 3, 4, 5].map((attempt) => reconnectDelay(attempt, 0));
  expect(delays).toEqual([0, 300, 1_200, 2_700, 4_800, 7_000]);
});

test("later attempts double up to half a minute and never pass it", () => {
  const delays = [6, 7, 8, 50, 5_000].map((attempt) => reconnectDelay(attempt, 0));
  expect(delays).toEqual([14_000, 28_000, 30_000, 30_000, 30_000]);
});

test("in a call no attempt is further away than a few seconds", () => {
  const delays = [0, 1, 2, 3, 4, 50].map((attempt) => reconnectDelay(attempt, 0, true));
  expect(delays).toEqual([0, 300, 1_200, 2_700, 3_000, 3_000]);
});

test("jitter adds at most a second to every attempt but the first", () => {
  expect(reconnectDelay(0, 1)).toBe(0);
  expect(reconnectDelay(1, 1)).toBe(1_300);
  expect(reconnectDelay(50, 0.5)).toBe(30_500);
});
