import { expect, test } from "vitest";

import type { HandsetView } from "../protocol/HandsetView";
import type { PhoneView } from "../protocol/PhoneView";

import { callObstacle } from "./callable";
import { CallState } from "./call.svelte";

const IDLE: HandsetView = { phase: "idle" };
const OUTGOING: HandsetView = {
  phase: "outgoing",
  conversation: "c",
  call: null,
  opening_microphone: false,
  devices: 0,
  muted: false,
};
const INCOMING: HandsetView = {
  phase: "incoming",
  conversation: "c",
  call: "call",
  answering: false,
  fault: null,
  silenced: false,
};
const ACTIVE: HandsetView = {
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
};
const ENDED: HandsetView = {
  phase: "ended",
  conversation: "c",
  call: null,
  outgoing: true,
  why: { why: "offline" },
  talked: null,
};

test("a new call is never minimised, and one that ends in the bar stays there", () => {
  const call = new CallState();
  call.show(phone(OUTGOING), true);
  call.minimised = true;
  call.show(phone({ ...OUTGOING, devices: 1 }), true);
  expect(call.minimised).toBe(true);
  call.show(phone(ENDED), true);
  expect(call.minimised).toBe(true);
  call.show(phone(OUTGOING), true);
  expect(call.minimised).toBe(false);
});

test("a call that waits leaves the bar as it is, one that rings in the foreground does not", () => {
  const call = new CallState();
  call.show(phone(ACTIVE), true);
  call.minimised = true;
  const waiting: HandsetView = { ...INCOMING, call: "second", conversation: "d" };
  call.show({ ...phone(ACTIVE), waiting }, true);
  expect(call.minimised).toBe(true);
  expect(call.ringing).toBe("d");
  call.show(phone(waiting), true);
  expect(call.minimised).toBe(false);
  expect(call.ringing).toBe("d");
});

test("a call of another tab is a bar here, also once it was answered there, but rings openly", () => {
  const call = new CallState();
  call.show(phone(INCOMING), false);
  expect(call.minimised).toBe(false);
  call.show(phone(ACTIVE), false);
  expect(call.minimised).toBe(true);
  call.minimised = false;
  call.show(phone({ ...ACTIVE, muted: true }), false);
  expect(call.minimised).toBe(false);
});

test("a call that comes to this tab opens, one that leaves it becomes a bar", () => {
  const call = new CallState();
  call.show(phone(ACTIVE), false);
  call.show(phone(ACTIVE), true);
  expect(call.minimised).toBe(false);
  call.show(phone(ACTIVE), false);
  expect(call.minimised).toBe(true);
});

test("what was told about the microphone goes with the call", () => {
  const call = new CallState();
  call.show(phone(ACTIVE), true);
  call.microphoneChanged({ changedTo: "Headset" });
  call.show(phone({ ...ACTIVE, muted: true }), true);
  expect(call.microphone).toEqual({ changedTo: "Headset" });
  call.show(phone(ENDED), true);
  expect(call.microphone).toBeNull();
});

test("an account is busy with any call of its own, on this device or elsewhere", () => {
  const busy = (view: Partial<PhoneView>): boolean => {
    const call = new CallState();
    call.show({ ...phone(IDLE), ...view }, true);
    return call.isBusy;
  };
  expect(busy({})).toBe(false);
  expect(busy({ current: ENDED })).toBe(false);
  expect(busy({ current: INCOMING })).toBe(true);
  expect(busy({ current: OUTGOING })).toBe(true);
  expect(busy({ current: ENDED, held: ACTIVE })).toBe(true);
  const elsewhere = { conversation: "c", call: "call", device: "Laptop", since: 0 };
  expect(busy({ elsewhere })).toBe(true);
});

test("the phone icon names what stands in the way, and nothing where nothing does", () => {
  const free = { contact: "accepted", isBusy: false, device: null, lineOpen: true } as const;
  expect(callObstacle(free)).toBeNull();
  expect(callObstacle({ ...free, isBusy: true })).toBe("in_call");
  expect(callObstacle({ ...free, lineOpen: false })).toBe("offline");
  expect(callObstacle({ ...free, contact: "requested" })).toBe("not_accepted");
  expect(callObstacle({ ...free, contact: "request" })).toBe("not_accepted_here");
  expect(callObstacle({ ...free, contact: "blocked" })).toBe("blocked");
  expect(callObstacle({ ...free, device: "no_microphone" })).toBe("no_microphone");
  expect(callObstacle({ ...free, device: "insecure_page", contact: "none" })).toBe("insecure_page");
});

function phone(current: HandsetView): PhoneView {
  return { current, waiting: null, held: null, elsewhere: null };
}
