import { expect, test } from "vitest";

import type { CallView } from "../protocol/CallView";
import { KnownCalls } from "./knownCalls";

test("what is known is the newest of each call that is not over, at the server's time by now", () => {
  let clock = 100;
  const known = new KnownCalls(() => clock);
  known.snapshot([call("1", 1), call("2", 1)], 5_000);
  clock = 350;
  expect(known.all).toEqual({ calls: [call("1", 1), call("2", 1)], now: 5_250 });
  known.put(call("1", 2), 5_300);
  known.put(call("3", 1), 5_310);
  known.put(call("2", 2, "ended"), 5_320);
  clock = 360;
  expect(known.all).toEqual({ calls: [call("1", 2), call("3", 1)], now: 5_330 });
  known.snapshot([], 6_000);
  expect(known.all).toEqual({ calls: [], now: 6_000 });
});

function call(id: string, revision: number, state = "active"): CallView {
  return { call: { id, revision, state: { state } } } as unknown as CallView;
}
