// Every view of the calls, by the name in the gallery's address: `gallery.html?call=active`.

import type { Code } from "../src/identity/code";
import type { Ended } from "../src/protocol/Ended";
import type { HandsetView } from "../src/protocol/HandsetView";
import type { PhoneView } from "../src/protocol/PhoneView";

import { BEN, CLEO, EMIL } from "./people";

const call = "0198c0de-0000-7000-8000-0000000000c0";
const second = "0198c0de-0000-7000-8000-0000000000c1";
const conversation = BEN.id;
const outgoing = { phase: "outgoing", conversation, call, muted: false } as const;
const incoming = {
  phase: "incoming",
  conversation,
  call,
  answering: false,
  fault: null,
  silenced: false,
} as const;
const waiting = { ...incoming, conversation: CLEO.id, call: second } as const;

const ENDINGS: Record<string, Ended> = {
  "hung-up": { why: "call", end: { reason: "hung_up", by: BEN.id } },
  declined: { why: "call", end: { reason: "declined" } },
  busy: { why: "call", end: { reason: "busy" } },
  "no-answer": { why: "call", end: { reason: "no_answer" } },
  unreachable: { why: "call", end: { reason: "unreachable" } },
  lost: { why: "call", end: { reason: "lost" } },
  "no-path": { why: "call", end: { reason: "failed", cause: "no_path" } },
  forged: { why: "call", end: { reason: "failed", cause: "identity" } },
  "answered-elsewhere": { why: "answered_elsewhere", device: "Safari on iPhone" },
  moved: { why: "moved", device: "Laptop" },
  denied: { why: "microphone", fault: "denied" },
  "insecure-page": { why: "microphone", fault: "insecure_page" },
  refused: { why: "refused", code: "rate_limited", message: "Too many calls. Wait a minute." },
};

/** The names of all views, for whoever wants to see them one after the other. */
export const VIEW_NAMES = [...Object.keys(ENDINGS), ...Object.keys(viewsAt(0))];

/** The view of a name; the time is the phone's. */
export function phoneView(name: string, now: number): PhoneView {
  const none = { waiting: null, held: null, elsewhere: null };
  const why = ENDINGS[name];
  if (why !== undefined) {
    const talked = name === "hung-up" || name === "lost" ? 754_000 : null;
    const current = { phase: "ended", conversation, call, outgoing: true, why, talked } as const;
    return { current, ...none };
  }
  return { current: { phase: "idle" }, ...none, ...viewsAt(now)[name] };
}

function viewsAt(now: number): Record<string, Partial<PhoneView>> {
  const active = {
    phase: "active",
    conversation,
    call,
    path: "connected",
    route: "direct",
    other: { standing: "first", code: [46, 2, 10, 54, 36] as Code, silenced: false },
    since: now - 83_000,
    muted: false,
    speaker: true,
    on_hold: false,
    peer_muted: false,
    peer_on_hold: false,
  } as const;
  const held: HandsetView = {
    ...active,
    conversation: CLEO.id,
    call: second,
    since: now - 192_000,
    on_hold: true,
  };
  const elsewhere = { conversation, call, device: "Laptop", since: now - 192_000 };
  return {
    microphone: { current: { ...outgoing, opening_microphone: true, devices: 0 } },
    calling: { current: { ...outgoing, opening_microphone: false, devices: 0 } },
    ringing: { current: { ...outgoing, opening_microphone: false, devices: 2 } },
    incoming: { current: incoming },
    silenced: { current: { ...incoming, silenced: true } },
    answering: { current: { ...incoming, answering: true } },
    fault: { current: { ...incoming, fault: "denied" } },
    connecting: { current: { ...active, path: "connecting", since: null } },
    active: { current: active },
    verified: { current: { ...active, other: { ...active.other, standing: "verified" } } },
    "new-device": {
      current: { ...active, other: { ...active.other, standing: "changed", silenced: true } },
    },
    // The longest of the 64 names.
    "long-names": {
      current: {
        ...active,
        conversation: EMIL.id,
        other: { ...active.other, code: [25, 61, 38, 53, 36] as Code },
      },
    },
    "no-pictures": { current: { ...active, other: { ...active.other, code: null } } },
    "new-caller": { current: { ...incoming, standing: "changed" } },
    relayed: { current: { ...active, route: "relayed" } },
    muted: { current: { ...active, muted: true, speaker: false } },
    "peer-muted": { current: { ...active, peer_muted: true } },
    "on-hold": { current: { ...active, on_hold: true } },
    "peer-on-hold": { current: { ...active, peer_on_hold: true } },
    "both-on-hold": { current: { ...active, on_hold: true, peer_on_hold: true } },
    reconnecting: { current: { ...active, path: "reconnecting" } },
    waiting: { current: active, waiting },
    "waiting-answering": {
      current: { ...active, on_hold: true },
      waiting: { ...waiting, answering: true },
    },
    "waiting-fault": {
      current: { ...active, on_hold: true },
      waiting: { ...waiting, fault: "denied" },
    },
    held: { current: active, held },
    elsewhere: { elsewhere },
    "elsewhere-unknown": { elsewhere: { ...elsewhere, device: null } },
  };
}
