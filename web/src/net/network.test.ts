import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { watchNetwork } from "./network";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("all events of one change are told once, when the device has a network", () => {
  const { told, window, device } = watched();
  device.onLine = false;
  device.connection.dispatchEvent(new Event("change"));
  vi.advanceTimersByTime(1_000);
  expect(told).toEqual([]);
  device.onLine = true;
  window.dispatchEvent(new Event("online"));
  window.dispatchEvent(new Event("online"));
  vi.advanceTimersByTime(50);
  expect(told).toEqual(["changed"]);
});

test("where the kind of network is told, another kind is a change and another speed is not", () => {
  const { told, device } = watched("wifi");
  device.connection.dispatchEvent(new Event("change"));
  vi.advanceTimersByTime(50);
  expect(told).toEqual(["doubtful"]);
  device.connection.type = "cellular";
  device.connection.dispatchEvent(new Event("change"));
  vi.advanceTimersByTime(50);
  expect(told).toEqual(["doubtful", "changed"]);
});

test("a page that is looked at again or comes out of the cache doubts", () => {
  const { told, window, document, device } = watched();
  document.dispatchEvent(new Event("visibilitychange"));
  window.dispatchEvent(new Event("pageshow"));
  device.hidden = true;
  document.dispatchEvent(new Event("visibilitychange"));
  expect(told).toEqual(["doubtful", "doubtful"]);
});

test("a page that slept says so when it wakes, and one whose timer is a little late does not", () => {
  const { told } = watched();
  vi.setSystemTime(Date.now() + 3_000);
  vi.advanceTimersByTime(1_000);
  expect(told).toEqual([]);
  vi.setSystemTime(Date.now() + 60_000);
  vi.advanceTimersByTime(3_000);
  expect(told).toEqual(["woke"]);
});

test("nothing is told any more, and no timer is left, once it was stopped", () => {
  const { told, window, stop } = watched();
  window.dispatchEvent(new Event("online"));
  stop();
  window.dispatchEvent(new Event("online"));
  vi.setSystemTime(Date.now() + 60_000);
  vi.advanceTimersByTime(60_000);
  expect(told).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

class Connection extends EventTarget {
  constructor(public type: string | undefined) {
    super();
  }
}

function watched(type?: string) {
  const told: string[] = [];
  const window = new EventTarget();
  const device = { onLine: true, hidden: false, connection: new Connection(type) };
  const document = new (class extends EventTarget {
    get hidden(): boolean {
      return device.hidden;
    }
  })();
  const stop = watchNetwork(
    {
      changed: () => told.push("changed"),
      doubtful: () => told.push("doubtful"),
      woke: () => told.push("woke"),
    },
    {
      window,
      document,
      onLine: () => device.onLine,
      connection: device.connection as EventTarget & { type?: string },
      now: () => Date.now(),
    },
  );
  return { told, window, document, device, stop };
}
