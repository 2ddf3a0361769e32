// What follows from where a handset stands, after everything that happens: no way of ending a call can forget it.
//
// The twin of `crates/call/src/handset/settle.rs`; both pass the scenarios in `crates/call/scenarios`.

import type { HandsetEffect } from "../protocol/HandsetEffect";
import type { Timestamp } from "../protocol/Timestamp";
import type { HandsetMemory } from "./handset";
import { canControl, greet } from "./handsetControl";
import { isSilenced, keepKey } from "./handsetIdentity";
import { followSilence, peerIsNew, waitForNewPath } from "./handsetPath";
import { isFree, needsMicrophone } from "./handsetState";
import { isAudible, isMute, toneOf } from "./handsetShow";

/** Sees to what follows from the state alone; what is returned is in the order to carry out. */
export function settle(
  memory: HandsetMemory,
  now: Timestamp,
  happened: HandsetEffect[],
): HandsetEffect[] {
  greet(memory, happened);
  const { state, timeouts } = memory;
  if (state.at === "talking") {
    state.line.restartIfWanted(happened);
    const open = canControl(memory);
    state.line.flush(now, state.call, timeouts.candidate_batch, open, happened);
  }
  if (!needsMicrophone(state) && memory.microphone !== "closed") {
    memory.microphone = "closed";
    happened.push({ type: "close_microphone" });
  }
  const effects = followPeer(memory, now, happened);
  if (isFree(state) && memory.peer) {
    memory.peer = null;
    effects.push({ type: "close_peer" });
  }
  if (memory.state.at === "talking") {
    if (effects.some(isNegotiation)) waitForNewPath(memory.state);
    followSilence(memory.state, now, timeouts);
  }
  followSound(memory, effects);
  keepKey(memory, effects);
  const tone = toneOf(memory.state);
  if (tone !== memory.tone) {
    memory.tone = tone;
    effects.push({ type: "play", tone });
  }
  return effects.sort((a, b) => placeOf(a) - placeOf(b));
}

/** Has track and peer as silent as the call wants them. A new one of either is not silent. */
function followSound(memory: HandsetMemory, effects: HandsetEffect[]): void {
  if (memory.microphone !== "open") memory.trackMuted = false;
  const muted = isMute(memory.state) || isSilenced(memory.peer);
  if (memory.microphone === "open" && muted !== memory.trackMuted) {
    memory.trackMuted = muted;
    effects.push({ type: "set_muted", muted });
  }
  const on = isAudible(memory.state) && !isSilenced(memory.peer);
  if (memory.peer && on !== memory.peer.audible) {
    memory.peer.audible = on;
    effects.push({ type: "set_speaker", on });
  }
}

/** Keeps track of whether there is a peer, and gives a new one the microphone that is open. */
function followPeer(
  memory: HandsetMemory,
  now: Timestamp,
  effects: readonly HandsetEffect[],
): HandsetEffect[] {
  return effects.flatMap((effect): HandsetEffect[] => {
    if (effect.type === "close_peer") {
      memory.peer = null;
      peerIsNew(memory, now);
    }
    if (!isNegotiation(effect) || memory.peer) return [effect];
    memory.peer = { audible: true, control: "closed", route: null, other: null };
    return memory.microphone === "open" ? [effect, { type: "attach_microphone" }] : [effect];
  });
}

/** Whether a path is looked for because of it. */
function isNegotiation({ type }: HandsetEffect): boolean {
  return type === "make_offer" || type === "make_answer";
}

/** Microphone, control channel, peer, requests, tone. */
function placeOf(effect: HandsetEffect): number {
  switch (effect.type) {
    case "open_microphone":
    case "close_microphone":
    case "set_muted":
      return 0;
    case "send_control":
      return 1;
    case "make_offer":
    case "make_answer":
    case "attach_microphone":
    case "use_answer":
    case "add_candidates":
    case "set_speaker":
    case "close_peer":
      return 2;
    case "keep_key":
    case "send":
      return 3;
    case "play":
      return 4;
  }
}
