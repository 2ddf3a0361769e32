// Which call is in the foreground, what is shown of the others, and which tone is heard.
//
// The twin of `crates/call/src/phone/show.rs`; both pass the scenarios in `crates/call/scenarios`.

import type { Elsewhere } from "../protocol/Elsewhere";
import type { PhoneView } from "../protocol/PhoneView";
import type { Slot } from "../protocol/Slot";
import type { Timestamp } from "../protocol/Timestamp";
import type { Tone } from "../protocol/Tone";
import { type Told, toLocal } from "./handsetState";
import { otherSlot, type PhoneMemory, SLOTS } from "./phone";

/**
 * What a handset does, as far as the other one is concerned. `over`: its call is over and still shown.
 * `held`: its call is on hold, by this side. `answers`: *Answer* was pressed. `talks`: its call is talked in, or
 * about to be.
 */
export type Stands = "free" | "over" | "held" | "rings" | "answers" | "dials" | "talks";

/** Which of two calls is in the foreground: the greater one. A call that rings during another one waits. */
const RANKS: Readonly<Record<Stands, number>> = {
  free: 0,
  held: 1,
  over: 2,
  rings: 3,
  answers: 4,
  dials: 4,
  talks: 4,
};

/** What the screen shows. */
export function viewOf(memory: PhoneMemory): PhoneView {
  const current = currentOf(memory);
  const waiting = waitingOf(memory);
  const held = heldOf(memory);
  return {
    current: current === null ? { phase: "idle" } : memory[current].view(),
    waiting: waiting === null ? null : memory[waiting].view(),
    held: held === null ? null : memory[held].view(),
    elsewhere: elsewhereOf(memory),
  };
}

export function standsOf(memory: PhoneMemory, slot: Slot): Stands {
  const view = memory[slot].view();
  switch (view.phase) {
    case "idle":
      return "free";
    case "outgoing":
      return "dials";
    case "incoming":
      return view.answering ? "answers" : "rings";
    case "active":
      return view.on_hold ? "held" : "talks";
    case "ended":
      return "over";
  }
}

/** The handset in the foreground; of two alike the one that was there before, or that ended last. */
export function currentOf(memory: PhoneMemory): Slot | null {
  const [a, b] = [standsOf(memory, "a"), standsOf(memory, "b")];
  if (RANKS[a] !== RANKS[b]) return RANKS[a] > RANKS[b] ? "a" : "b";
  if (a === "free") return null;
  return a === "over" ? endedLast(memory) : memory.front;
}

/** The handset that rings, or is being answered, behind the one in the foreground. */
export function waitingOf(memory: PhoneMemory): Slot | null {
  return behind(memory, ["rings", "answers"]);
}

function heldOf(memory: PhoneMemory): Slot | null {
  return behind(memory, ["held"]);
}

function behind(memory: PhoneMemory, stands: readonly Stands[]): Slot | null {
  const current = currentOf(memory);
  if (current === null) return null;
  const slot = otherSlot(current);
  return stands.includes(standsOf(memory, slot)) ? slot : null;
}

function endedLast({ a, b }: PhoneMemory): Slot {
  return (b.pollTimeout() ?? 0) > (a.pollTimeout() ?? 0) ? "b" : "a";
}

function elsewhereOf(memory: PhoneMemory): Elsewhere | null {
  for (const told of memory.known) {
    const elsewhere = asElsewhere(memory, told);
    if (elsewhere) return elsewhere;
  }
  return null;
}

/** An answered call that no handset here has. */
function asElsewhere(memory: PhoneMemory, told: Told): Elsewhere | null {
  const { call, here } = told.view;
  const { id, conversation, state } = call;
  if (state.state === "ringing" || state.state === "ended" || here.at === "rings") return null;
  const isHere = SLOTS.some((slot) => {
    const handset = memory[slot];
    const dialled = here.at === "takes_part" && handset.dials === conversation;
    return handset.has(id) || handset.hasEnded(id) || dialled;
  });
  if (isHere) return null;
  return {
    conversation,
    call: id,
    device: here.at === "elsewhere" ? here.device : null,
    since: state.state === "active" ? toLocal(told, state.since) : null,
  };
}

/** The tone of a call that comes in, or of one that goes out; null where there is neither. */
export function toneOfACall(memory: PhoneMemory): Tone | null {
  const first = (wanted: Stands): Slot | undefined =>
    SLOTS.find((slot) => standsOf(memory, slot) === wanted);
  const rings = first("rings");
  if (rings !== undefined && memory[rings].tone === "ringing") {
    const busy = ["talks", "dials", "answers"].includes(standsOf(memory, otherSlot(rings)));
    return busy ? "waiting" : "ringing";
  }
  const dials = first("dials");
  return dials === undefined ? null : memory[dials].tone;
}

/** The tone of the end that came last, once. */
export function toneOfAnEnd(memory: PhoneMemory): Tone {
  const until = shownUntil(memory);
  if (until === null || (memory.muffled !== null && until <= memory.muffled)) return "none";
  if (standsOf(memory, "b") !== "over") return memory.a.tone;
  return memory[standsOf(memory, "a") === "over" ? endedLast(memory) : "b"].tone;
}

/** Until when the end that came last is shown. */
export function shownUntil(memory: PhoneMemory): Timestamp | null {
  const times = SLOTS.filter((slot) => standsOf(memory, slot) === "over")
    .map((slot) => memory[slot].pollTimeout())
    .filter((time) => time !== null);
  return times.length === 0 ? null : Math.max(...times);
}
