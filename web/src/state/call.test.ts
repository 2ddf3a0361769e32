import { expect, test } from "vitest";

import type { HandsetView } from "../protocol/HandsetView";

import { callObstacle } from "./callable";
import { CallState } from "./call.svelte";

test("a new call is never minimised, and one that ends in the bar stays there", () => {
  const call = new CallState();
  const outgoing: HandsetView = {
    phase: "outgoing",
    conversation: "c",
    call: null,
    opening_microphone: false,
    devices: 0,
    muted: false,
  };
  const ended: HandsetView = {
    phase: "ended",
    conversation: "c",
    call: null,
    outgoing: true,
    why: { why: "offline" },
    talked: null,
  };
  call.show(outgoing);
  call.minimised = true;
  call.show({ ...outgoing, devices: 1 });
  expect(call.minimised).toBe(true);
  call.show(ended);
  expect(call.minimised).toBe(true);
  call.show(outgoing);
  expect(call.minimised).toBe(false);
});

test("the phone icon names what stands in the way, and nothing where nothing does", () => {
  const free = { contact: "accepted", phase: "idle", device: null, lineOpen: true } as const;
  expect(callObstacle(free)).toBeNull();
  expect(callObstacle({ ...free, phase: "ended" })).toBeNull();
  expect(callObstacle({ ...free, phase: "active" })).toBe("in_call");
  expect(callObstacle({ ...free, lineOpen: false })).toBe("offline");
  expect(callObstacle({ ...free, contact: "requested" })).toBe("not_accepted");
  expect(callObstacle({ ...free, contact: "request" })).toBe("not_accepted_here");
  expect(callObstacle({ ...free, contact: "blocked" })).toBe("blocked");
  expect(callObstacle({ ...free, device: "no_microphone" })).toBe("no_microphone");
  expect(callObstacle({ ...free, device: "insecure_page", contact: "none" })).toBe("insecure_page");
});
