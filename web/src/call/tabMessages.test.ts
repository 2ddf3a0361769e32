import { expect, test } from "vitest";

import type { HandsetView } from "../protocol/HandsetView";
import type { PhoneView } from "../protocol/PhoneView";
import { readTabMessage } from "./tabMessages";

const ACTIVE: HandsetView = {
  phase: "active",
  conversation: "c",
  call: "1",
  path: "connected",
  since: 5,
  muted: false,
  speaker: true,
  on_hold: false,
  peer_muted: false,
  peer_on_hold: true,
};
const ENDED: HandsetView = {
  phase: "ended",
  conversation: "c",
  call: "1",
  outgoing: true,
  why: { why: "call", end: { reason: "declined" } },
  talked: null,
};
const view = (parts: Partial<PhoneView>): PhoneView => ({
  current: { phase: "idle" },
  waiting: null,
  held: null,
  elsewhere: null,
  ...parts,
});

test.each([
  { type: "hello" },
  { type: "ask", from: "t" },
  { type: "yielded", to: "t" },
  { type: "press", press: { type: "mute", muted: true } },
  { type: "press", press: { type: "reject", call: "1" } },
  { type: "press", press: { type: "end" } },
  { type: "show", now: 3, view: view({}) },
  { type: "show", now: 3, view: view({ current: ENDED, held: ACTIVE }) },
  {
    type: "show",
    now: 3,
    view: view({
      current: ACTIVE,
      waiting: {
        phase: "incoming",
        conversation: "d",
        call: "2",
        answering: false,
        fault: null,
        silenced: false,
      },
      elsewhere: { conversation: "d", call: "3", device: null, since: null },
    }),
  },
])("%j is read as it was sent", (message) => {
  expect(readTabMessage(structuredClone(message))).toEqual(message);
});

test.each([
  null,
  "hello",
  [],
  { type: "dance" },
  { type: "ask" },
  { type: "yielded", to: 1 },
  // A press that needs the microphone is for the tab in which it was pressed.
  { type: "press", press: { type: "answer" } },
  { type: "press", press: { type: "mute", muted: "yes" } },
  { type: "press", press: { type: "reject" } },
  { type: "press" },
  { type: "show", now: 3 },
  { type: "show", now: "3", view: view({}) },
  { type: "show", now: 3, view: { ...view({}), current: null } },
  { type: "show", now: 3, view: view({ current: { phase: "toString" } as never }) },
  { type: "show", now: 3, view: view({ current: { ...ACTIVE, muted: 1 } as never }) },
  { type: "show", now: 3, view: view({ current: { ...ENDED, why: { why: "call" } } as never }) },
  { type: "show", now: 3, view: view({ held: {} as never }) },
  { type: "show", now: 3, view: view({ elsewhere: { call: "1" } as never }) },
])("%j is passed over", (message) => {
  expect(readTabMessage(message)).toBeNull();
});
