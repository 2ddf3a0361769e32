// Taking a call over: from another device of the account, or from this one before a reload.
//
// The twin of `crates/call/src/handset/take.rs`. The other side goes on with its old peer connection until the
// server has given it the new offer, so nothing is told to anybody before that offer is made, and no candidate
// leaves before the server has agreed. What fails until then fails here alone: the call goes on where it was.

import type { ErrorCode } from "../protocol/ErrorCode";
import type { HandsetEffect } from "../protocol/HandsetEffect";
import type { Timestamp } from "../protocol/Timestamp";
import type { HandsetMemory } from "./handset";
import { canControl } from "./handsetControl";
import { finish } from "./handsetEnding";
import { peerForged } from "./handsetIdentity";
import { abandon } from "./handsetOutcome";
import { pathIsGone, peerConnected } from "./handsetPath";
import { openMicrophone } from "./handsetPerson";
import { isOver, ownCall } from "./handsetServer";
import { isFree, newTalking, talkingTold, type Told } from "./handsetState";
import { deviceOf, isSent, newTaking, type Taking, takingSince } from "./handsetTaking";

/** How often a take-over is tried; the other side may begin a negotiation of its own at the same time. */
const TAKES_MAX = 2;
/** A refused offer is made again above so many epochs more where the server has shown no higher one. */
const EPOCHS_SKIPPED = 7;

/** The person, or a page that was loaded anew, wants a call to be here. */
export function take(memory: HandsetMemory, told: Told, effects: HandsetEffect[]): void {
  const taking = newTaking(told, memory.timeouts);
  if (taking === null || !isFree(memory.state) || !memory.online) return;
  memory.over = memory.over.filter((gone) => gone.call !== taking.call);
  memory.state = taking;
  openMicrophone(memory, effects);
}

/** The outcome of `take_call`. */
export function taken(memory: HandsetMemory, told: Told, effects: HandsetEffect[]): void {
  const { state } = memory;
  if (state.at !== "taking" || state.call !== told.view.call.id) {
    if (!isOver(memory, told.view.call.id)) abandon(memory, told, effects);
    return;
  }
  ownCall(memory, told, effects);
  // A later frame may have come before the outcome, and then it is the one that holds.
  const { state: after } = memory;
  // One that is not sent: the outcome of an earlier attempt, given up since.
  if (after.at !== "taking" || !isSent(after)) return;
  if (after.here.at === "takes_part") takeUp(memory, after, told, effects);
  else finish(memory, told.now, { why: "moved", device: deviceOf(after) });
}

/** The call is this handset's own from now on. */
function takeUp(memory: HandsetMemory, taking: Taking, told: Told, effects: HandsetEffect[]): void {
  const { conversation, call, revision, stands, sound, line, connected, doubted } = taking;
  if (stands.at === "rings") {
    const { devices, deadline } = stands;
    memory.state = {
      at: "outgoing",
      attempt: null,
      conversation,
      muted: sound.own.muted,
      line,
      stage: { at: "calling", call, revision, devices, deadline },
    };
    return;
  }
  const talking = newTalking(told.view, line, told.now + memory.timeouts.connect);
  talking.revision = revision;
  if (stands.at === "active") {
    talking.connectAt = null;
    pathIsGone(talking, told.now, memory.timeouts);
  }
  if (sound.mustBeTold(talking.sound.own)) sound.tell(call, canControl(memory), effects);
  talking.sound = sound;
  talking.since = takingSince(taking);
  talking.line.open();
  talkingTold(talking, told, effects);
  memory.state = talking;
  if (doubted) peerForged(memory, told.now, true, effects);
  else if (connected) peerConnected(memory, told.now, effects);
}

/** `take_call` was refused. The epoch may have been too low. */
export function takeRefused(
  memory: HandsetMemory,
  taking: Taking,
  now: Timestamp,
  code: ErrorCode,
  message: string,
  effects: HandsetEffect[],
): void {
  if (!isSent(taking)) return;
  if (code === "bad_request" && taking.takes < TAKES_MAX) {
    const own = taking.line.epoch;
    taking.progress = { at: "offering" };
    taking.line.offerOnANewPeer(taking.epoch < own ? own + EPOCHS_SKIPPED : taking.epoch, effects);
  } else if (code === "not_found" || code === "wrong_state") {
    finish(memory, now, { why: "meanwhile" });
  } else {
    finish(memory, now, { why: "refused", code, message });
  }
}

/**
 * Another tab of this device has the calls from now on. The other side is told that the path is as good as
 * broken, so that it waits for the offer of whoever takes the call up.
 */
export function yieldCalls(memory: HandsetMemory, effects: HandsetEffect[]): void {
  if (memory.state.at === "talking" && canControl(memory)) {
    effects.push({ type: "send_control", message: { type: "leaving" } });
  }
  memory.state = { at: "idle" };
}
