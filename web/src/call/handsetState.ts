// Where a handset stands, with what is true only there, and what follows from it alone.
//
// The twin of `crates/call/src/handset/state.rs`; both pass the scenarios in `crates/call/scenarios`.

import type { AttemptId } from "../protocol/AttemptId";
import type { CallDescription } from "../protocol/CallDescription";
import type { CallId } from "../protocol/CallId";
import type { CallView } from "../protocol/CallView";
import type { ConversationId } from "../protocol/ConversationId";
import type { Ended } from "../protocol/Ended";
import type { HandsetEffect } from "../protocol/HandsetEffect";
import type { MicrophoneFault } from "../protocol/MicrophoneFault";
import type { Milliseconds } from "../protocol/Milliseconds";
import type { Path } from "../protocol/Path";
import type { RequestBody } from "../protocol/RequestBody";
import type { Timestamp } from "../protocol/Timestamp";
import type { Tone } from "../protocol/Tone";
import type { UserId } from "../protocol/UserId";
import type { HandsetLine } from "./handsetLine";
import type { Taking } from "./handsetTaking";
import { reportOf } from "./handsetPath";
import { HandsetSound, otherRole, soundOf } from "./handsetSound";

/**
 * ```text
 *          dial                    answered                    ended ──dismiss · 3 s──▶ idle
 *  idle ─────────▶ outgoing ────────────────┐                    ▲
 *   │ │              │ └──(glare)──────────┐│                    │
 *   │ │ a call rings └────────────────────┐▼▼                    │
 *   │ └────────▶ ringing ──answered──▶ talking ─── every end ────┘   (also from outgoing, ringing and taking)
 *   │ take                                ▲
 *   └──────────▶ taking ───── taken ──────┘                          (outgoing, where nobody has answered yet)
 * ```
 */
export type State = Idle | Outgoing | Ringing | Talking | Taking | Over;

export interface Idle {
  readonly at: "idle";
}

export interface Outgoing {
  readonly at: "outgoing";
  /** Null for a call that was taken over. */
  readonly attempt: AttemptId | null;
  readonly conversation: ConversationId;
  muted: boolean;
  readonly line: HandsetLine;
  stage: Stage;
}

export type Stage =
  | { readonly at: "opening_microphone" }
  /** The offer is being made. */
  | { readonly at: "offering" }
  /** The offer is ready; the outcome of `start_call` is waited for. */
  | {
      readonly at: "starting";
      /** False while there is no socket to send it on. */
      sent: boolean;
      readonly deadline: Timestamp;
      /** What the server told of a call that may turn out to be this one. */
      early: Told | null;
    }
  /** The server has made the call. */
  | {
      readonly at: "calling";
      readonly call: CallId;
      revision: number;
      devices: number;
      readonly deadline: Timestamp;
    };

export interface Ringing {
  readonly at: "ringing";
  readonly conversation: ConversationId;
  readonly call: CallId;
  revision: number;
  /** Who calls. */
  readonly other: UserId;
  silenced: boolean;
  fault: MicrophoneFault | null;
  readonly deadline: Timestamp;
  readonly line: HandsetLine;
  connected: boolean;
  /**
   * How far the person's *Answer* has come. `describing`: the microphone is open, the answer not yet
   * made. `sent`: the outcome of `answer_call` is waited for.
   */
  answer: "not_yet" | "opening_microphone" | "describing" | "sent";
}

export interface Talking {
  readonly at: "talking";
  readonly conversation: ConversationId;
  readonly call: CallId;
  revision: number;
  readonly outgoing: boolean;
  /** The other person. */
  readonly other: UserId;
  sound: HandsetSound;
  readonly line: HandsetLine;
  path: Path;
  /** How often ICE failed before it ever connected. */
  failures: number;
  /** When it last failed and was looked for anew at once. */
  failedAt: Timestamp | null;
  since: Timestamp | null;
  /** Runs while the path was never there. */
  connectAt: Timestamp | null;
  restartAt: Timestamp | null;
  lostAt: Timestamp | null;
  /** When packets of the other side last arrived. */
  heardAt: Timestamp | null;
  /** Runs while the path stands and the other side should be heard. */
  unheardAt: Timestamp | null;
  /** Whether the path counts as broken only because nothing is heard. */
  unheard: boolean;
  /** Whether something came since the path last stood that was not the other device's word. */
  doubted: boolean;
  /** The other device went away and may come back: until then nothing is done about the path from here. */
  leavingUntil: Timestamp | null;
}

export interface Over {
  readonly at: "ended";
  readonly conversation: ConversationId;
  readonly call: CallId | null;
  readonly outgoing: boolean;
  readonly why: Ended;
  talked: Milliseconds | null;
  readonly until: Timestamp;
  readonly tone: Tone;
}

/** What the server told of a call, and when, by both clocks. */
export interface Told {
  readonly view: CallView;
  readonly serverNow: Timestamp;
  readonly now: Timestamp;
}

/** A time of the server's by the handset's clock. */
export function toLocal(told: Told, then: Timestamp): Timestamp {
  return told.now - Math.max(0, told.serverNow - then);
}

/** The server's time when the handset's clock shows `now`. */
export function serverNowOf(told: Told, now: Timestamp): Timestamp {
  return told.serverNow + Math.max(0, now - told.now);
}

export function callOf(state: State): CallId | null {
  switch (state.at) {
    case "idle":
      return null;
    case "outgoing":
      return state.stage.at === "calling" ? state.stage.call : null;
    case "ringing":
    case "talking":
    case "taking":
    case "ended":
      return state.call;
  }
}

export function isFree(state: State): state is Idle | Over {
  return state.at === "idle" || state.at === "ended";
}

export function needsMicrophone(state: State): boolean {
  return state.at === "ringing" ? state.answer !== "not_yet" : !isFree(state);
}

/** The negotiation of the call, while there is one. */
export function lineOf(state: State): HandsetLine | null {
  return isFree(state) ? null : state.line;
}

export function sendStart(outgoing: Outgoing, effects: HandsetEffect[]): void {
  const description = outgoing.line.own;
  const { attempt, conversation, stage } = outgoing;
  if (stage.at !== "starting" || attempt === null || description === null) return;
  stage.sent = true;
  effects.push(send({ type: "start_call", attempt, conversation, description }));
}

/**
 * The first offer, which a server that restarted may have only now, or a later one: the caller's page was
 * loaded anew.
 */
export function takeOffer(
  ringing: Ringing,
  description: CallDescription,
  effects: HandsetEffect[],
): void {
  if (ringing.line.hasRemote && description.epoch <= ringing.line.epoch) return;
  ringing.line.remoteDescription(description, effects);
}

/** Answers, once the microphone is open and the answer made. */
export function sendAnswer(ringing: Ringing, effects: HandsetEffect[]): void {
  const description = ringing.line.own;
  if (ringing.answer !== "describing" || description === null) return;
  ringing.answer = "sent";
  const candidates = ringing.line.takeCandidates();
  effects.push(send({ type: "answer_call", call: ringing.call, description, candidates }));
}

export function newTalking(view: CallView, line: HandsetLine, connectAt: Timestamp): Talking {
  const { call, role } = view;
  return {
    at: "talking",
    conversation: call.conversation,
    call: call.id,
    revision: call.revision,
    outgoing: role === "caller",
    other: role === "caller" ? call.callee : call.caller,
    sound: new HandsetSound(view),
    line,
    path: "connecting",
    failures: 0,
    failedAt: null,
    since: null,
    connectAt,
    restartAt: null,
    lostAt: null,
    heardAt: null,
    unheardAt: null,
    unheard: false,
    doubted: false,
    leavingUntil: null,
  };
}

export function talkingTold(talking: Talking, told: Told, effects: HandsetEffect[]): void {
  const { call, role, remote } = told.view;
  if (call.state.state === "active") {
    talking.since = toLocal(told, call.state.since);
  } else if (call.state.state === "connecting" && talking.path !== "connecting") {
    // A server that restarted has forgotten who reported what.
    effects.push(send(reportOf(talking, told.now, { report: "connected" })));
  }
  talking.sound.hearOf(soundOf(told.view, otherRole(role)));
  if (remote !== null) {
    talking.line.remoteDescription(remote.description, effects);
    talking.line.remoteCandidates(remote.description.epoch, remote.candidates, effects);
  }
  talking.line.outdo(told.view.epoch, effects);
}

export function send(request: RequestBody): HandsetEffect {
  return { type: "send", request };
}
