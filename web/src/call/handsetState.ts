// Where a handset stands, with what is true only there, and what follows from it alone.
//
// The twin of `crates/call/src/handset/state.rs`; both pass the scenarios in `crates/call/scenarios`.

import type { AttemptId } from "../protocol/AttemptId";
import type { Call } from "../protocol/Call";
import type { CallId } from "../protocol/CallId";
import type { CallReport } from "../protocol/CallReport";
import type { CallView } from "../protocol/CallView";
import type { ConversationId } from "../protocol/ConversationId";
import type { Ended } from "../protocol/Ended";
import type { EndReason } from "../protocol/EndReason";
import type { HandsetEffect } from "../protocol/HandsetEffect";
import type { HandsetView } from "../protocol/HandsetView";
import type { MicrophoneFault } from "../protocol/MicrophoneFault";
import type { Milliseconds } from "../protocol/Milliseconds";
import type { Path } from "../protocol/Path";
import type { RequestBody } from "../protocol/RequestBody";
import type { Timestamp } from "../protocol/Timestamp";
import type { Tone } from "../protocol/Tone";
import type { UserId } from "../protocol/UserId";
import type { HandsetLine } from "./handsetLine";

/**
 * ```text
 *          dial                    answered                    ended ──dismiss · 3 s──▶ idle
 *  idle ─────────▶ outgoing ────────────────┐                    ▲
 *   │                │ └──(glare)──────────┐│                    │
 *   │ a call rings   └────────────────────┐▼▼                    │
 *   └──────────▶ ringing ──answered──▶ talking ─── every end ────┘   (also from outgoing and ringing)
 * ```
 */
export type State = Idle | Outgoing | Ringing | Talking | Over;

export interface Idle {
  readonly at: "idle";
}

export interface Outgoing {
  readonly at: "outgoing";
  readonly attempt: AttemptId;
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
  muted: boolean;
  speaker: boolean;
  readonly line: HandsetLine;
  path: Path;
  /** How often ICE failed before it ever connected. */
  failures: number;
  since: Timestamp | null;
  /** Runs while the path was never there. */
  connectAt: Timestamp | null;
  restartAt: Timestamp | null;
  lostAt: Timestamp | null;
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

export function callOf(state: State): CallId | null {
  switch (state.at) {
    case "idle":
      return null;
    case "outgoing":
      return state.stage.at === "calling" ? state.stage.call : null;
    case "ringing":
    case "talking":
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

export function toneOf(state: State): Tone {
  switch (state.at) {
    case "outgoing":
      if (state.stage.at === "starting") return "calling";
      if (state.stage.at !== "calling") return "none";
      return state.stage.devices === 0 ? "calling" : "ringback";
    case "ringing":
      return state.answer === "not_yet" ? "ringing" : "none";
    case "ended":
      return state.tone;
    case "idle":
    case "talking":
      return "none";
  }
}

/** The next moment at which something happens by itself. */
export function deadlineOf(state: State): Timestamp | null {
  switch (state.at) {
    case "idle":
      return null;
    case "outgoing":
      return "deadline" in state.stage ? state.stage.deadline : null;
    case "ringing":
      return state.deadline;
    case "talking": {
      const times = [state.connectAt, state.restartAt, state.lostAt, state.line.deadline];
      const set = times.filter((time) => time !== null);
      return set.length === 0 ? null : Math.min(...set);
    }
    case "ended":
      return state.until;
  }
}

export function viewOf(state: State): HandsetView {
  switch (state.at) {
    case "idle":
      return { phase: "idle" };
    case "outgoing":
      return {
        phase: "outgoing",
        conversation: state.conversation,
        call: callOf(state),
        opening_microphone: state.stage.at === "opening_microphone",
        devices: state.stage.at === "calling" ? state.stage.devices : 0,
        muted: state.muted,
      };
    case "ringing":
      return {
        phase: "incoming",
        conversation: state.conversation,
        call: state.call,
        answering: state.answer !== "not_yet",
        fault: state.fault,
      };
    case "talking":
      return {
        phase: "active",
        conversation: state.conversation,
        call: state.call,
        path: state.path,
        since: state.since,
        muted: state.muted,
        speaker: state.speaker,
      };
    case "ended":
      return {
        phase: "ended",
        conversation: state.conversation,
        call: state.call,
        outgoing: state.outgoing,
        why: state.why,
        talked: state.talked,
      };
  }
}

/**
 * What is heard at the end. A call that only rang here ends in silence, and so does one that the
 * person ended.
 */
export function endTone(before: State, why: Ended, me: UserId): Tone {
  if (before.at === "ringing" && before.answer !== "sent") return "none";
  switch (why.why) {
    case "call":
      return endReasonTone(why.end, me);
    case "answered_elsewhere":
    case "microphone":
      return "none";
    case "refused":
    case "offline":
    case "meanwhile":
      return "end";
  }
}

function endReasonTone(end: EndReason, me: UserId): Tone {
  switch (end.reason) {
    case "hung_up":
      return end.by === me ? "none" : "end";
    case "cancelled":
    case "replaced":
      return "none";
    case "busy":
      return "busy";
    case "declined":
    case "no_answer":
    case "unreachable":
    case "failed":
    case "lost":
      return "end";
  }
}

export function newTalking(
  call: Call,
  outgoing: boolean,
  muted: boolean,
  line: HandsetLine,
  connectAt: Timestamp,
): Talking {
  line.open();
  return {
    at: "talking",
    conversation: call.conversation,
    call: call.id,
    revision: call.revision,
    outgoing,
    muted,
    speaker: true,
    line,
    path: "connecting",
    failures: 0,
    since: null,
    connectAt,
    restartAt: null,
    lostAt: null,
  };
}

export function send(request: RequestBody): HandsetEffect {
  return { type: "send", request };
}

export function report(call: CallId, report: CallReport): HandsetEffect {
  return send({ type: "report_call", call, report });
}

/** Microphone, peer, requests, tone. */
export function placeOf(effect: HandsetEffect): number {
  switch (effect.type) {
    case "open_microphone":
    case "close_microphone":
    case "set_muted":
      return 0;
    case "make_offer":
    case "make_answer":
    case "attach_microphone":
    case "use_answer":
    case "add_candidates":
    case "set_speaker":
    case "close_peer":
      return 1;
    case "send":
      return 2;
    case "play":
      return 3;
  }
}
