import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Inventory } from "./belongings";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("what a part has is counted until it closes it, and does nothing afterwards", () => {
  const inventory = new Inventory();
  const [part, other] = [inventory.make(), inventory.make()];
  const target = new EventTarget();
  const happened: string[] = [];
  part.listen(target, "sound", () => happened.push("sound"));
  part.every(1_000, () => happened.push("second"));
  other.listen(target, "sound", () => undefined);
  target.dispatchEvent(new Event("sound"));
  vi.advanceTimersByTime(1_000);
  expect(happened).toEqual(["sound", "second"]);
  expect([inventory.listeners, inventory.timers]).toEqual([2, 1]);

  part.close();
  target.dispatchEvent(new Event("sound"));
  vi.advanceTimersByTime(5_000);
  expect(happened).toEqual(["sound", "second"]);
  expect([inventory.listeners, inventory.timers]).toEqual([1, 0]);
});

test("a part that is closed takes nothing on", () => {
  const inventory = new Inventory();
  const part = inventory.make();
  part.close();
  part.listen(new EventTarget(), "sound", () => undefined);
  part.every(1_000, () => undefined);
  expect([part.listeners, part.timers, vi.getTimerCount()]).toEqual([0, 0, 0]);
});
