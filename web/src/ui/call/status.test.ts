import { expect, test } from "vitest";

import type { HandsetView } from "../../protocol/HandsetView";

import { callStatus } from "./status";

type Active = Extract<HandsetView, { phase: "active" }>;

test("hold is told with who did it", () => {
  expect(title({ on_hold: true })).toBe("You put the call on hold");
  expect(title({ peer_on_hold: true })).toBe("Ben put the call on hold");
  expect(title({ on_hold: true, peer_on_hold: true })).toBe("You both put the call on hold");
  expect(title({})).toBe("Connected");
});

test("a path that is lost comes first, and hold is still told", () => {
  const view = active({ path: "reconnecting", on_hold: true });
  expect(callStatus(view, "Ben", "me")).toEqual({
    title: "Reconnecting…",
    detail: "You put the call on hold",
  });
});

test("the other side's muted microphone is told while both could talk", () => {
  const detail = (change: Partial<Active>): string | null =>
    callStatus(active(change), "Ben", "me").detail;
  expect(detail({ peer_muted: true })).toBe("Ben is muted");
  expect(detail({ peer_muted: true, peer_on_hold: true })).toBeNull();
  expect(detail({ muted: true })).toBeNull();
});

test("a call that was silenced here says so, and a microphone that fails says more", () => {
  const incoming = {
    phase: "incoming",
    conversation: "c",
    call: "call",
    answering: false,
    fault: null,
    silenced: true,
  } as const;
  expect(callStatus(incoming, "Ben", "me").detail).toBe("Silent on this device.");
  expect(callStatus({ ...incoming, fault: "missing" }, "Ben", "me").title).toBe(
    "No microphone was found",
  );
  expect(callStatus({ ...incoming, answering: true }, "Ben", "me").title).toBe("Answering…");
});

test("a call that has ended tells how long it was, one that goes on elsewhere does not", () => {
  const ended = { phase: "ended", conversation: "c", call: "call", outgoing: true } as const;
  const hungUp = { why: "call", end: { reason: "hung_up", by: "me" } } as const;
  const words = (view: HandsetView): string => callStatus(view, "Ben", "me").title;
  expect(words({ ...ended, why: hungUp, talked: 6_000 })).toBe("Call ended · 6 s");
  expect(words({ ...ended, why: hungUp, talked: null })).toBe("Call ended");
  expect(words({ ...ended, why: { why: "moved", device: "Laptop" }, talked: 6_000 })).toBe(
    "The call goes on on Laptop",
  );
});

function title(change: Partial<Active>): string {
  return callStatus(active(change), "Ben", "me").title;
}

function active(change: Partial<Active>): Active {
  return {
    phase: "active",
    conversation: "c",
    call: "call",
    path: "connected",
    since: 0,
    muted: false,
    speaker: true,
    on_hold: false,
    peer_muted: false,
    peer_on_hold: false,
    ...change,
  };
}
