// A call that is being taken over: what is known of it until the server agrees.
//
// The twin of `crates/call/src/handset/taking.rs`; `handsetTake.ts` has what begins and ends it.

import type { CallId } from "../protocol/CallId";
import type { ConversationId } from "../protocol/ConversationId";
import type { DeviceName } from "../protocol/DeviceName";
import type { EndReason } from "../protocol/EndReason";
import type { HandsetEffect } from "../protocol/HandsetEffect";
import type { HandsetTimeouts } from "../protocol/HandsetTimeouts";
import type { HandsetView } from "../protocol/HandsetView";
import type { Here } from "../protocol/Here";
import type { OtherEnd } from "../protocol/OtherEnd";
import type { RequestBody } from "../protocol/RequestBody";
import type { Timestamp } from "../protocol/Timestamp";
import { HandsetLine } from "./handsetLine";
import { HandsetSound } from "./handsetSound";
import { send, type Told, toLocal } from "./handsetState";

export interface Taking {
  readonly at: "taking";
  readonly conversation: ConversationId;
  readonly call: CallId;
  revision: number;
  readonly outgoing: boolean;
  stands: Stands;
  readonly sound: HandsetSound;
  readonly line: HandsetLine;
  progress: Progress;
  connected: boolean;
  /** Where the call is, as the server told last. */
  here: Here;
  /** The newest epoch that the server has shown. */
  epoch: number;
  takes: number;
  /** Whether something came that was not the other device's word on this connection. */
  doubted: boolean;
}

/** Where the call stands that is taken over. */
export type Stands =
  /** It is an own call, and nobody has answered yet. */
  | { readonly at: "rings"; readonly devices: number; readonly deadline: Timestamp }
  | { readonly at: "connects" }
  | { readonly at: "active"; readonly since: Timestamp };

/** How far the take-over has come. */
export type Progress =
  | { readonly at: "opening_microphone" }
  | { readonly at: "offering" }
  /** The outcome of `take_call` is waited for. */
  | { readonly at: "sent"; readonly deadline: Timestamp };

/** Null where there is nothing to take over. */
export function newTaking(told: Told, timeouts: HandsetTimeouts): Taking | null {
  const { call, role, here, epoch } = told.view;
  const stands = standsOf(told, timeouts);
  if (here.at === "rings" || stands === null) return null;
  if (role === "callee" && stands.at === "rings") return null;
  const sound = new HandsetSound(told.view);
  // The other side may have been taken over as well, and count from what a server that restarted knew.
  sound.peerIsNew();
  return {
    at: "taking",
    conversation: call.conversation,
    call: call.id,
    revision: call.revision,
    outgoing: role === "caller",
    stands,
    sound,
    line: new HandsetLine(role, call.attempt),
    progress: { at: "opening_microphone" },
    connected: false,
    here,
    epoch,
    takes: 0,
    doubted: false,
  };
}

/** The server told of the call once more. Gives where it is, if it is somewhere else now. */
export function takingTold(taking: Taking, told: Told, timeouts: HandsetTimeouts): Here | null {
  const { here, epoch } = told.view;
  taking.stands = standsOf(told, timeouts) ?? taking.stands;
  taking.sound.follow(new HandsetSound(told.view));
  taking.epoch = Math.max(taking.epoch, epoch);
  if (isSameHere(here, taking.here)) return null;
  taking.here = here;
  return here;
}

/**
 * An offer of the other side that comes before the outcome is for the connection before this one; the outcome brings
 * whatever the server has for this one. It may be why the take-over is refused.
 */
export function takingIsOffered(taking: Taking, epoch: number): void {
  taking.epoch = Math.max(taking.epoch, epoch);
}

/** The microphone is open: the offer is made. */
export function makeOffer(taking: Taking, effects: HandsetEffect[]): void {
  taking.progress = { at: "offering" };
  taking.line.offerAbove(taking.epoch, effects);
}

/** The offer is made: the server is asked for the call. */
export function sendTake(taking: Taking, deadline: Timestamp, effects: HandsetEffect[]): void {
  const description = taking.line.own;
  if (description === null) return;
  taking.progress = { at: "sent", deadline };
  taking.takes += 1;
  effects.push(send({ type: "take_call", call: taking.call, description }));
}

/** The device of this account that has the call, as far as it is another one. */
export function deviceOf({ here }: Taking): DeviceName | null {
  return here.at === "elsewhere" ? here.device : null;
}

export function isSent(taking: Taking): boolean {
  return taking.progress.at === "sent";
}

/** Whether the server was asked for the call, or has it as this device's anyway. */
export function isClaimed(taking: Taking): boolean {
  return taking.takes > 0 || taking.here.at === "takes_part";
}

export function isAnswered(taking: Taking): boolean {
  return taking.stands.at !== "rings";
}

export function takingDeadline({ stands, progress }: Taking): Timestamp | null {
  if (stands.at === "rings") return stands.deadline;
  return progress.at === "sent" ? progress.deadline : null;
}

/** How the call ends by the person's hand, as the request that says so. */
export function takingHangUp({ call, stands }: Taking): RequestBody {
  if (stands.at === "rings") return { type: "cancel_call", call };
  return { type: "hang_up", call, heard_ago: null };
}

/** The time is up: what to tell the server, and how the call ended. */
export function giveUp(taking: Taking): { request: RequestBody; end: EndReason } {
  if (taking.stands.at === "rings") {
    return { request: takingHangUp(taking), end: { reason: "no_answer" } };
  }
  const { call } = taking;
  const report = { report: "lost" } as const;
  return {
    request: { type: "report_call", call, report, heard_ago: null },
    end: { reason: "lost" },
  };
}

export function takingSince({ stands }: Taking): Timestamp | null {
  return stands.at === "active" ? stands.since : null;
}

export function takingView(taking: Taking, other: OtherEnd | null): HandsetView {
  const { conversation, call, stands, sound } = taking;
  if (stands.at === "rings") {
    return {
      phase: "outgoing",
      conversation,
      call,
      opening_microphone: taking.progress.at === "opening_microphone",
      devices: stands.devices,
      muted: sound.own.muted,
    };
  }
  const path = stands.at === "connects" ? "connecting" : "reconnecting";
  return sound.view(conversation, call, path, null, other, takingSince(taking));
}

function standsOf(told: Told, timeouts: HandsetTimeouts): Stands | null {
  const { state, started_at } = told.view.call;
  switch (state.state) {
    case "ringing": {
      const deadline = toLocal(told, started_at) + timeouts.ring;
      return { at: "rings", devices: state.devices, deadline };
    }
    case "connecting":
      return { at: "connects" };
    case "active":
      return { at: "active", since: toLocal(told, state.since) };
    case "ended":
      return null;
  }
}

function isSameHere(a: Here, b: Here): boolean {
  if (a.at === "elsewhere" && b.at === "elsewhere") return a.device === b.device;
  return a.at === b.at;
}
