// How calls end, in plain words: what happened, and what to do where something can be done.

import { isolated } from "../../call/isolated";
import type { CallObstacle } from "../../state/callable";
import { isMissedBy } from "../../state/missed";
import type { CallRecord } from "../../protocol/CallRecord";
import type { Ended } from "../../protocol/Ended";
import type { EndReason } from "../../protocol/EndReason";
import type { FailCause } from "../../protocol/FailCause";
import type { MicrophoneFault } from "../../protocol/MicrophoneFault";
import type { UserId } from "../../protocol/UserId";

import { spokenDuration } from "./duration";

/** A short sentence, and what else there is to say. */
export interface Words {
  title: string;
  detail: string | null;
}

/** What stands on the screen of a call that is over; `talked` says whether they had heard each other. */
export function endedWords(
  why: Ended,
  outgoing: boolean,
  talked: boolean,
  name: string,
  me: UserId,
): Words {
  switch (why.why) {
    case "call":
      return reasonWords(why.end, outgoing, talked, name, me);
    case "answered_elsewhere":
      return {
        title:
          why.device === null ? "Answered in another tab" : `Answered on ${isolated(why.device)}`,
        detail: null,
      };
    case "moved":
      return {
        title:
          why.device === null
            ? "The call goes on in another tab"
            : `The call goes on on ${isolated(why.device)}`,
        detail: null,
      };
    case "microphone":
      return microphoneWords(why.fault);
    case "refused":
      return { title: "The call could not be started", detail: why.message };
    case "offline":
      return {
        title: "No connection to the server",
        detail: "Check your network and call again.",
      };
    case "meanwhile":
      return {
        title: "Call ended",
        detail: "It ended while this device was away. The conversation says how.",
      };
  }
}

function reasonWords(
  end: EndReason,
  outgoing: boolean,
  talked: boolean,
  name: string,
  me: UserId,
): Words {
  switch (end.reason) {
    case "hung_up":
      return {
        title: "Call ended",
        detail: end.by === me ? null : `${name} hung up.`,
      };
    case "declined":
      return outgoing
        ? { title: `${name} declined the call`, detail: null }
        : { title: "Call rejected", detail: null };
    case "cancelled":
      return outgoing
        ? { title: "Call cancelled", detail: null }
        : { title: "Missed call", detail: `${name} stopped calling.` };
    case "busy":
      return outgoing
        ? { title: `${name} is in another call`, detail: "Try again a little later." }
        : { title: "Missed call", detail: "You were in another call." };
    case "no_answer":
      return outgoing
        ? { title: "No answer", detail: `${name} will see that you called.` }
        : { title: "Missed call", detail: null };
    case "unreachable":
      return outgoing
        ? {
            title: `${name} is not reachable`,
            detail: "None of their devices is connected. They will see that you called.",
          }
        : { title: "Missed call", detail: null };
    case "failed":
      return failWords(end.cause, talked);
    case "lost":
      return {
        title: "Connection lost",
        detail: "The call broke off and did not come back. Call again.",
      };
    case "replaced":
      return { title: "Call replaced", detail: "A newer call to the same person took its place." };
  }
}

function failWords(cause: FailCause, talked: boolean): Words {
  const title = talked ? "The call broke off" : "The call could not be connected";
  switch (cause) {
    case "no_microphone":
      return { title, detail: "One of the two devices has no working microphone." };
    case "permission_denied":
      return { title, detail: "The microphone was not allowed on one of the two devices." };
    case "no_path":
      return {
        title,
        detail: "No direct path was found between the two networks. Another network may help.",
      };
    case "peer_gone":
      return { title, detail: "The other device went away while connecting. Call again." };
    case "timeout":
      return { title, detail: "Connecting took too long. Call again, or try another network." };
    case "protocol":
      return { title, detail: "The two devices did not understand each other. Reload both pages." };
    case "identity":
      return {
        title: "Call ended to protect you",
        detail:
          "What arrived was not signed by the other device, or you saw different pictures. Somebody may be trying to listen in. Meet, or use another way to talk, and tell whoever runs this server.",
      };
  }
}

/** What keeps the microphone closed, and what to do. */
export function microphoneWords(fault: MicrophoneFault): Words {
  switch (fault) {
    case "denied":
      return {
        title: "The microphone is not allowed",
        detail:
          "Allow it for this page: press the icon beside the address, switch the microphone on, and try again.",
      };
    case "missing":
      return {
        title: "No microphone was found",
        detail: "Plug in a microphone or a headset, and try again.",
      };
    case "busy":
      return {
        title: "The microphone does not start",
        detail: "Another program may be using it. Close that program, and try again.",
      };
    case "insecure_page":
      return {
        title: "This page is not secure",
        detail:
          "Browsers give a microphone only to pages that begin with https://. Ask whoever runs this server for that address.",
      };
  }
}

/** Why the phone icon does nothing. */
export function obstacleWords(obstacle: CallObstacle, name: string): string {
  switch (obstacle) {
    case "no_webrtc":
      return "This browser cannot make calls. Use a current Firefox, Chrome, Edge or Safari.";
    case "insecure_page":
      return "Calls need a secure page: open this server at an address that begins with https://.";
    case "no_microphone":
      return "No microphone was found. Plug one in to call.";
    case "no_key":
      return "This browser cannot keep a key for calls. Update it, or leave private browsing.";
    case "key_lost":
      return "This browser has lost its key for calls. Sign out and sign in again.";
    case "not_accepted":
      return `${name} has not accepted your request yet.`;
    case "not_accepted_here":
      return `Accept ${name}’s request first.`;
    case "blocked":
      return `You have blocked ${name}.`;
    case "in_call":
      return "You are in a call already.";
    case "offline":
      return "There is no connection to the server.";
  }
}

/** The arrow of a call as one of the two sees it: missed, outgoing or incoming. */
export function callIcon(record: CallRecord, me: UserId): "callMissed" | "callOut" | "callIn" {
  if (isMissedBy(me, record)) return "callMissed";
  return record.caller === me ? "callOut" : "callIn";
}

/** How a call's entry looks in the timeline. */
export interface CallEntryWords {
  tone: "ongoing" | "talked" | "missed" | "quiet";
  /** What became of it. */
  result: string;
  /** How long they talked, where they did. */
  duration: string | null;
}

/** What stands for missed calls of one person that belong together. */
export function missedWords(count: number, name: string): string {
  return `${count} missed calls from ${name}`;
}

/** What became of a call, as one of the two sees it. */
export function callEntryWords(record: CallRecord, me: UserId): CallEntryWords {
  const outgoing = record.caller === me;
  const { end } = record;
  if (end === null) {
    return {
      tone: "ongoing",
      result: outgoing ? "Outgoing call" : "Incoming call",
      duration: null,
    };
  }
  if (end.reason === "failed" && end.cause === "identity") {
    const duration = end.talked === null ? null : spokenDuration(end.talked);
    return { tone: "missed", result: "Call ended: somebody may have listened in", duration };
  }
  if (end.talked !== null) {
    return {
      tone: "talked",
      result: brokeOff(end) ? "Call, connection lost" : "Voice call",
      duration: spokenDuration(end.talked),
    };
  }
  if (isMissedBy(me, record)) {
    return { tone: "missed", result: "Missed call", duration: null };
  }
  return { tone: "quiet", result: quietResult(end, outgoing), duration: null };
}

function brokeOff(end: EndReason): boolean {
  return end.reason === "lost" || end.reason === "failed";
}

function quietResult(end: EndReason, outgoing: boolean): string {
  switch (end.reason) {
    case "hung_up":
      return "Call ended before it was connected";
    case "declined":
      return outgoing ? "Call declined" : "Call rejected";
    case "cancelled":
      return "Call cancelled";
    case "busy":
      return "Call not answered: busy";
    case "no_answer":
      return "Call not answered";
    case "unreachable":
      return "Call not answered: not reachable";
    case "failed":
      return "Call could not be connected";
    case "lost":
      return "Call, connection lost";
    case "replaced":
      return "Call replaced by a newer one";
  }
}
