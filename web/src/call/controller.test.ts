import { expect, test } from "vitest";

import type { HandsetView } from "../protocol/HandsetView";
import { leftOver } from "./controller";

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
  call: "1",
  answering: false,
  fault: null,
};
const ACTIVE: HandsetView = {
  phase: "active",
  conversation: "c",
  call: "1",
  path: "connected",
  since: 0,
  muted: false,
  speaker: true,
};
const ENDED: HandsetView = {
  phase: "ended",
  conversation: "c",
  call: "1",
  outgoing: true,
  why: { why: "offline" },
  talked: null,
};

test.each<[string, HandsetView, boolean, boolean]>([
  // What is shown, whether a microphone is allowed, whether a connection is.
  ["nothing", { phase: "idle" }, false, false],
  ["an outgoing call", OUTGOING, true, true],
  ["a ringing call", INCOMING, false, true],
  ["a call being answered", { ...INCOMING, answering: true }, true, true],
  ["an active call", ACTIVE, true, true],
  ["an ended call", ENDED, false, false],
])("with %s on screen, only what it needs may be held", (_, view, microphone, connection) => {
  expect(leftOver(view, { holdsMicrophone: true, holdsPeer: false }) === null).toBe(microphone);
  expect(leftOver(view, { holdsMicrophone: false, holdsPeer: true }) === null).toBe(connection);
  expect(leftOver(view, { holdsMicrophone: false, holdsPeer: false })).toBeNull();
});
