import { expect, test } from "vitest";

import VALUES from "../../../crates/call/scenarios/values.json";
import type { CallDescription } from "../protocol/CallDescription";
import type { HandsetView } from "../protocol/HandsetView";
import type { PhoneView } from "../protocol/PhoneView";
import { NOTHING_TOLD, type Rule, type SlotFacts, soundTold, violations } from "./invariants";

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
  conversation: "d",
  call: "2",
  answering: false,
  fault: null,
  silenced: false,
};
const ACTIVE: Extract<HandsetView, { phase: "active" }> = {
  phase: "active",
  conversation: "c",
  call: "1",
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
  call: "1",
  outgoing: true,
  why: { why: "offline" },
  talked: null,
};
const IDLE: HandsetView = { phase: "idle" };
const OFFER = VALUES.bob_offer_0 as CallDescription;
const NOTHING: SlotFacts = {
  view: IDLE,
  opening: false,
  tracks: [],
  connections: 0,
  farewells: [],
  listeners: 0,
  timers: 0,
  told: NOTHING_TOLD,
};

/** The rules that do not hold while handset a shows `view` and has `facts`, and handset b nothing. */
function broken(
  view: HandsetView,
  facts: Partial<SlotFacts>,
  screen: Partial<PhoneView> = {},
): Rule[] {
  const shown = { current: view, waiting: null, held: null, elsewhere: null, ...screen };
  const found = violations(shown, { a: { ...NOTHING, view, ...facts }, b: NOTHING });
  expect(found.every(({ slot }) => slot === "a")).toBe(true);
  return found.map(({ rule }) => rule);
}

test.each<[string, HandsetView, boolean, boolean]>([
  // What is shown, whether a microphone is allowed, whether a connection is.
  ["nothing", IDLE, false, false],
  ["an outgoing call", OUTGOING, true, true],
  ["a ringing call", INCOMING, false, true],
  ["a call being answered", { ...INCOMING, answering: true }, true, true],
  ["an active call", ACTIVE, true, true],
  ["an ended call", ENDED, false, false],
])("with %s on screen, only what it needs may be held", (_, view, microphone, connection) => {
  const track: Rule[] = microphone ? [] : ["track_without_call"];
  expect(broken(view, {})).toEqual([]);
  expect(broken(view, { tracks: [{ enabled: true }] })).toEqual(track);
  expect(broken(view, { opening: true })).toEqual(track);
  expect(broken(view, { connections: 1 })).toEqual(connection ? [] : ["connection_without_call"]);
  expect(broken(view, { listeners: 1 })).toEqual(connection ? [] : ["left_over"]);
  expect(broken(view, { timers: 1 })).toEqual(connection ? [] : ["left_over"]);
});

test("a call that no part of the screen shows may hold nothing", () => {
  const held = { tracks: [{ enabled: true }], connections: 1 };
  const none: Rule[] = ["track_without_call", "connection_without_call"];
  expect(broken(ACTIVE, held, { current: IDLE })).toEqual(none);
  expect(broken(ACTIVE, held, { current: { ...ACTIVE, call: "another" } })).toEqual(none);
  expect(broken(ACTIVE, held, { current: OUTGOING, held: ACTIVE })).toEqual([]);
  expect(broken(INCOMING, { connections: 1 }, { current: ACTIVE, waiting: INCOMING })).toEqual([]);
});

test("a connection may say goodbye for a moment after its call, and not for long", () => {
  expect(broken(ENDED, { farewells: [0, 200] })).toEqual([]);
  expect(broken(IDLE, { farewells: [199] })).toEqual([]);
  expect(broken(IDLE, { farewells: [10, 1_201] })).toEqual(["farewell_too_long"]);
  expect(broken(ACTIVE, { farewells: [60_000] })).toEqual(["farewell_too_long"]);
});

test.each<[string, HandsetView, boolean]>([
  ["an unmuted call", ACTIVE, true],
  ["a muted one", { ...ACTIVE, muted: true }, false],
  ["one on hold", { ...ACTIVE, on_hold: true }, false],
  ["one that the other side put on hold", { ...ACTIVE, peer_on_hold: true }, false],
  ["one whose other side is muted", { ...ACTIVE, peer_muted: true }, true],
  ["an outgoing one", OUTGOING, true],
  ["a muted outgoing one", { ...OUTGOING, muted: true }, false],
])("the track of %s is as the icon says", (_, view, enabled) => {
  const told =
    view.phase === "active" ? { muted: view.muted, on_hold: view.on_hold } : NOTHING_TOLD;
  expect(broken(view, { tracks: [{ enabled }], told })).toEqual([]);
  expect(broken(view, { tracks: [{ enabled: !enabled }], told })).toEqual([
    "track_differs_from_icon",
  ]);
});

test("the other side was told what the icon says", () => {
  const muted = { ...ACTIVE, muted: true };
  expect(broken(muted, { told: { muted: true, on_hold: false } })).toEqual([]);
  expect(broken(muted, { told: NOTHING_TOLD })).toEqual(["told_differs_from_icon"]);
  expect(broken(ACTIVE, { told: { muted: true, on_hold: true } })).toEqual([
    "told_differs_from_icon",
    "told_differs_from_icon",
  ]);
  // Taken over: what the device before told is the server's to show.
  expect(broken(muted, { told: null })).toEqual([]);
  // Before the answer nobody is told anything.
  expect(broken({ ...OUTGOING, muted: true }, { told: NOTHING_TOLD })).toEqual([]);
});

test("every handset is looked at, and the report names it", () => {
  const screen = { current: IDLE, waiting: null, held: null, elsewhere: null };
  const [found, ...more] = violations(screen, { a: NOTHING, b: { ...NOTHING, connections: 2 } });
  expect(more).toEqual([]);
  expect(found).toEqual({
    rule: "connection_without_call",
    slot: "b",
    says: "a connection is held without a call on screen (handset b, which shows idle)",
  });
});

test("what the other side was told follows the effects of both ways", () => {
  const sound = { muted: true, on_hold: false, change: 1 };
  const after = soundTold(NOTHING_TOLD, {
    type: "send",
    request: { type: "set_sound", call: "1", sound },
  });
  expect(after).toEqual(sound);
  const unmuted = { ...sound, muted: false, change: 2 };
  const message = { type: "sound", sound: unmuted } as const;
  expect(soundTold(after, { type: "send_control", message })).toEqual(unmuted);
  expect(soundTold(after, { type: "send_control", message: { type: "hang_up" } })).toEqual(sound);
  expect(soundTold(after, { type: "set_muted", muted: false })).toEqual(sound);
  const description = OFFER;
  const taken = { type: "send", request: { type: "take_call", call: "1", description } } as const;
  expect(soundTold(after, taken)).toBeNull();
});
