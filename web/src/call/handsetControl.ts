// The control channel: what one device tells the other directly, without the server.
//
// The twin of `crates/call/src/handset/control.rs`. Nothing is said only here. Whatever comes by it comes by the
// socket as well, sooner or later, and changes nothing the second time.

import type { ControlMessage } from "../protocol/ControlMessage";
import type { HandsetEffect } from "../protocol/HandsetEffect";
import type { RequestBody } from "../protocol/RequestBody";
import type { Timestamp } from "../protocol/Timestamp";
import type { HandsetMemory } from "./handset";
import { finish } from "./handsetEnding";
import { peerLeaves, reportOf } from "./handsetPath";
import { remoteCandidates, remoteDescription } from "./handsetServer";
import { send } from "./handsetState";

/** How the control channel of the present peer stands; `open`: this side's sound is still to be told. */
export type Control = "closed" | "open" | "greeted";

/** Whether what is said over the control channel gets out. */
export function canControl({ peer }: HandsetMemory): boolean {
  return peer !== null && peer.control !== "closed";
}

export function controlOpened({ peer }: HandsetMemory): void {
  if (peer?.control === "closed") peer.control = "open";
}

/** Tells the own sound, first of all. */
export function greet({ state, peer }: HandsetMemory, effects: HandsetEffect[]): void {
  if (state.at !== "talking" || peer?.control !== "open") return;
  peer.control = "greeted";
  effects.push(state.sound.message());
}

export function control(
  memory: HandsetMemory,
  now: Timestamp,
  message: ControlMessage,
  effects: HandsetEffect[],
): void {
  const { state } = memory;
  if (state.at !== "talking" && !(state.at === "ringing" && state.answer === "sent")) return;
  switch (message.type) {
    case "sound":
      if (state.at === "talking") state.sound.hear(message.sound);
      return;
    case "hang_up":
      return peerHungUp(memory, now, effects);
    case "reveal":
      // The connection that it comes by takes it.
      return;
    case "leaving":
      return peerLeaves(memory, now);
    case "description":
      return remoteDescription(memory, state.call, message.description, effects);
    case "candidates":
      return remoteCandidates(memory, state.call, message.epoch, message.candidates, effects);
  }
}

function peerHungUp(memory: HandsetMemory, now: Timestamp, effects: HandsetEffect[]): void {
  const { state } = memory;
  const report = { report: "peer_hung_up" } as const;
  let request: RequestBody;
  if (state.at === "talking") request = reportOf(state, now, report);
  else if (state.at === "ringing") {
    request = { type: "report_call", call: state.call, report, heard_ago: null };
  } else return;
  effects.push(send(request));
  finish(memory, now, { why: "call", end: { reason: "hung_up", by: state.other } });
}
