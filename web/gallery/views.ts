// Every view of a call, by the name in the gallery's address: `gallery.html?call=active`.

import type { Ended } from "../src/protocol/Ended";
import type { HandsetView } from "../src/protocol/HandsetView";

import { BEN } from "./people";

const call = "0198c0de-0000-7000-8000-0000000000c0";
const conversation = BEN.id;
const outgoing = { phase: "outgoing", conversation, call, muted: false } as const;
const incoming = { phase: "incoming", conversation, call, answering: false, fault: null } as const;

const ENDINGS: Record<string, Ended> = {
  "hung-up": { why: "call", end: { reason: "hung_up", by: BEN.id } },
  declined: { why: "call", end: { reason: "declined" } },
  busy: { why: "call", end: { reason: "busy" } },
  "no-answer": { why: "call", end: { reason: "no_answer" } },
  unreachable: { why: "call", end: { reason: "unreachable" } },
  lost: { why: "call", end: { reason: "lost" } },
  "no-path": { why: "call", end: { reason: "failed", cause: "no_path" } },
  elsewhere: { why: "answered_elsewhere", device: "Safari on iPhone" },
  denied: { why: "microphone", fault: "denied" },
  "insecure-page": { why: "microphone", fault: "insecure_page" },
  refused: { why: "refused", code: "rate_limited", message: "Too many calls. Wait a minute." },
};

/** The view of a name; the time is the handset's. */
export function callView(name: string, now: number): HandsetView {
  const active = {
    phase: "active",
    conversation,
    call,
    path: "connected",
    since: now - 83_000,
    muted: false,
    speaker: true,
  } as const;
  const views: Record<string, HandsetView> = {
    microphone: { ...outgoing, opening_microphone: true, devices: 0 },
    calling: { ...outgoing, opening_microphone: false, devices: 0 },
    ringing: { ...outgoing, opening_microphone: false, devices: 2 },
    incoming,
    answering: { ...incoming, answering: true },
    fault: { ...incoming, fault: "denied" },
    connecting: { ...active, path: "connecting", since: null },
    active,
    muted: { ...active, muted: true, speaker: false },
    reconnecting: { ...active, path: "reconnecting" },
  };
  const why = ENDINGS[name];
  if (why !== undefined) {
    const talked = name === "hung-up" || name === "lost" ? 754_000 : null;
    return { phase: "ended", conversation, call, outgoing: true, why, talked };
  }
  return views[name] ?? { phase: "idle" };
}
