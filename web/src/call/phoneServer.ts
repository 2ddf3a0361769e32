// What a phone makes of the server's words: it gives each call to the handset that has it, and remembers the others.
//
// The twin of `crates/call/src/phone/server.rs`; both pass the scenarios in `crates/call/scenarios`.

import type { CallId } from "../protocol/CallId";
import type { CallView } from "../protocol/CallView";
import type { ConversationId } from "../protocol/ConversationId";
import type { HandsetInput } from "../protocol/HandsetInput";
import type { PhoneEffect } from "../protocol/PhoneEffect";
import type { Slot } from "../protocol/Slot";
import type { Timestamp } from "../protocol/Timestamp";
import { soundOf } from "./handsetSound";
import { serverNowOf, type Told } from "./handsetState";
import { freeSlot, hand, ownerOf, type PhoneMemory, SLOTS } from "./phone";
import { take } from "./phonePerson";

/** Calls of the account that are remembered; the server lets an account be in two, and few ring it. */
const KNOWN_MAX = 16;

/** A `call` frame. */
export function told(
  memory: PhoneMemory,
  now: Timestamp,
  told: Told,
  effects: PhoneEffect[],
): void {
  const { id } = told.view.call;
  const isNew = !memory.known.some((known) => known.view.call.id === id);
  remember(memory, told);
  const slot = recipientOf(memory, told.view);
  if (slot !== undefined) {
    hand(memory, now, slot, inputOf(told, now), effects);
  } else if (isNew && isOwnAndRings(told.view)) {
    // A page before this one dialled, and its request came after the snapshot: nobody calls any more.
    const effect = { type: "send", request: { type: "cancel_call", call: id } } as const;
    effects.push({ type: "handset", slot: "a", effect });
  } else {
    othersCall(memory, now, told, effects);
  }
}

/** The snapshot. */
export function welcome(
  memory: PhoneMemory,
  now: Timestamp,
  calls: readonly CallView[],
  serverNow: Timestamp,
  resume: boolean,
  effects: PhoneEffect[],
): void {
  memory.known = [];
  memory.keptBack = null;
  const own: Record<Slot, CallView[]> = { a: [], b: [] };
  const others: Told[] = [];
  for (const view of calls) {
    const told = { view, serverNow, now };
    remember(memory, told);
    const slot = recipientOf(memory, view);
    if (slot === undefined) others.push(told);
    else own[slot].push(view);
  }
  for (const slot of SLOTS) {
    hand(memory, now, slot, { type: "welcome", calls: own[slot], now: serverNow }, effects);
  }
  if (resume) takeUpAgain(memory, now, others, effects);
  for (const told of others) othersCall(memory, now, told, effects);
}

/** Something happened to one handset. Outcomes tell of calls as well. */
export function happened(
  memory: PhoneMemory,
  now: Timestamp,
  slot: Slot,
  input: HandsetInput,
  effects: PhoneEffect[],
): void {
  if (input.type === "started" || input.type === "answered" || input.type === "taken") {
    remember(memory, { view: input.call, serverNow: input.now, now });
  }
  hand(memory, now, slot, input, effects);
}

/** The page was loaded anew: the calls that this device was in are taken up, the one that is talked in first. */
function takeUpAgain(
  memory: PhoneMemory,
  now: Timestamp,
  others: readonly Told[],
  effects: PhoneEffect[],
): void {
  const onHold = (view: CallView): number => Number(soundOf(view, view.role).on_hold);
  const mine = others
    .map((told) => told.view)
    .filter((view) => view.here.at === "takes_part" && !hasEnded(memory, view.call.id))
    .sort((a, b) => onHold(a) - onHold(b));
  for (const view of mine) take(memory, now, view.call.id, effects);
}

/** The handset that a word of the server is for. */
function recipientOf(memory: PhoneMemory, view: CallView): Slot | undefined {
  const { id, conversation } = view.call;
  const takesPart = view.here.at === "takes_part";
  // What this device ended and the server shows as its own is ended again.
  const concerned = (slot: Slot): boolean =>
    takesPart && (memory[slot].hasEnded(id) || memory[slot].dials === conversation);
  return ownerOf(memory, id) ?? SLOTS.find(concerned);
}

function remember(memory: PhoneMemory, told: Told): void {
  const { call } = told.view;
  const place = memory.known.findIndex((known) => known.view.call.id === call.id);
  const before = memory.known[place];
  if (before && before.view.call.revision > call.revision) return;
  const ended = call.state.state === "ended";
  if (before && ended) memory.known.splice(place, 1);
  else if (before) memory.known[place] = told;
  else if (!ended && memory.known.length < KNOWN_MAX) memory.known.push(told);
}

/** A call that no handset has: it may ring here. */
function othersCall(memory: PhoneMemory, now: Timestamp, told: Told, effects: PhoneEffect[]): void {
  const { call, here } = told.view;
  if (memory.keptBack?.view.call.id === call.id) memory.keptBack = null;
  const rings = call.state.state === "ringing" && here.at === "rings";
  if (!rings || isOver(memory, call.id)) return;
  const slot = freeSlot(memory);
  if (dials(memory, call.conversation)) memory.keptBack = told;
  else if (slot !== undefined) hand(memory, now, slot, inputOf(told, now), effects);
}

/** The dial has become another call or none: the call that was kept back rings after all. */
export function letRing(memory: PhoneMemory, now: Timestamp, effects: PhoneEffect[]): void {
  const { keptBack } = memory;
  if (keptBack === null || dials(memory, keptBack.view.call.conversation)) return;
  memory.keptBack = null;
  if (ownerOf(memory, keptBack.view.call.id) === undefined) {
    othersCall(memory, now, keptBack, effects);
  }
}

function dials(memory: PhoneMemory, conversation: ConversationId): boolean {
  return SLOTS.some((slot) => memory[slot].dials === conversation);
}

function isOver(memory: PhoneMemory, call: CallId): boolean {
  return memory.a.isOver(call) || memory.b.isOver(call);
}

function hasEnded(memory: PhoneMemory, call: CallId): boolean {
  return memory.a.hasEnded(call) || memory.b.hasEnded(call);
}

function isOwnAndRings({ call, here, role }: CallView): boolean {
  return call.state.state === "ringing" && here.at === "takes_part" && role === "caller";
}

function inputOf(told: Told, now: Timestamp): HandsetInput {
  return { type: "call", call: told.view, now: serverNowOf(told, now) };
}
