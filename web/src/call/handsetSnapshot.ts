// What a handset makes of the snapshot that comes with every new socket.
//
// The twin of `crates/call/src/handset/snapshot.rs`; both pass the scenarios in `crates/call/scenarios`.

import type { CallId } from "../protocol/CallId";
import type { CallSound } from "../protocol/CallSound";
import type { CallView } from "../protocol/CallView";
import type { HandsetEffect } from "../protocol/HandsetEffect";
import type { Timestamp } from "../protocol/Timestamp";
import type { HandsetMemory } from "./handset";
import { canControl } from "./handsetControl";
import { finish } from "./handsetEnding";
import { giveUp, told } from "./handsetServer";
import { soundOf } from "./handsetSound";
import { callOf, isFree, send, sendStart } from "./handsetState";

/** The snapshot: what it does not have is over, and what may be lost is sent again. */
export function welcome(
  memory: HandsetMemory,
  now: Timestamp,
  calls: readonly CallView[],
  serverNow: Timestamp,
  effects: HandsetEffect[],
): void {
  memory.online = true;
  const before = memory.state;
  if (before.at === "outgoing" && before.stage.at === "starting" && !before.stage.sent) {
    sendStart(before, effects);
  }
  const own = isFree(before) ? null : callOf(before);
  for (const view of calls) {
    hangUpAgain(memory, now, view, effects);
    told(memory, { view, serverNow, now }, effects);
  }
  if (own === null || isFree(memory.state) || callOf(memory.state) !== own) return;
  const shown = calls.findLast((view) => view.call.id === own);
  if (shown) resend(memory, own, soundOf(shown, shown.role), effects);
  else finish(memory, now, { why: "meanwhile" });
}

/** The server has not heard of the end of a call that this device had: it is told once more. */
function hangUpAgain(
  { over }: HandsetMemory,
  now: Timestamp,
  view: CallView,
  effects: HandsetEffect[],
): void {
  const call = view.call.id;
  const gone = over.find((one) => one.call === call && one.ended);
  if (!gone) return;
  const { heardAt } = gone;
  giveUp(view, heardAt === null ? null : Math.max(0, now - heardAt), effects);
}

/**
 * A server that restarted has forgotten descriptions, candidates, what devices do with their sound and
 * which ones ring.
 */
function resend(
  memory: HandsetMemory,
  call: CallId,
  shown: CallSound,
  effects: HandsetEffect[],
): void {
  const { state } = memory;
  if (isFree(state) || state.at === "taking") return;
  if (state.at === "ringing") {
    if (state.answer !== "sent") effects.push(send({ type: "ring_call", call }));
    return;
  }
  if (state.at === "talking") {
    if (state.sound.mustBeTold(shown)) {
      state.sound.tell(call, canControl(memory), effects);
    }
    if (state.path === "connected") return;
  }
  const description = state.line.own;
  if (description === null) return;
  effects.push(send({ type: "describe_call", call, description }));
  state.line.resendCandidates();
}
