// What must hold between the screen and the equipment, whatever happened: checked after every step, in every build.
//
// A pure comparison. Who calls it gathers the facts from the equipment itself (tracks, connections),
// never from what it asked the equipment to do, and reports what is found; it repairs nothing.

import type { CallSound } from "../protocol/CallSound";
import type { HandsetEffect } from "../protocol/HandsetEffect";
import type { HandsetView } from "../protocol/HandsetView";
import type { PhoneView } from "../protocol/PhoneView";
import type { Slot } from "../protocol/Slot";

/** A closed connection lives so many milliseconds longer at most, to let *hang up* out. */
export const FAREWELL_MS = 200;

/** Browsers fire the timers of a page that nobody sees up to so many milliseconds late. */
const TIMER_LATENESS_MS = 1_000;

/** What the other side was told of this side's sound. */
export type SoundTold = Pick<CallSound, "muted" | "on_hold">;

/** What the equipment of one slot holds. */
export interface SlotFacts {
  /** What the handset of the slot shows (`Phone.viewOf`). */
  readonly view: HandsetView;
  /** Whether the microphone is being asked for and has not come yet. */
  readonly opening: boolean;
  /** The microphone's tracks that are `live`. */
  readonly tracks: readonly Pick<MediaStreamTrack, "enabled">[];
  /** Peer connections that are open, without those that only say goodbye. */
  readonly connections: number;
  /** How many milliseconds ago each connection that still says goodbye was given up. */
  readonly farewells: readonly number[];
  /** Event listeners and timers that are there for this call, without those of a goodbye. */
  readonly listeners: number;
  readonly timers: number;
  /** What the other side was told last (`soundTold`); null where this device cannot know. */
  readonly told: SoundTold | null;
}

/** What all equipment holds. */
export type EquipmentFacts = Readonly<Record<Slot, SlotFacts>>;

export type Rule =
  /** No live local track, and none asked for, without a call on screen. */
  | "track_without_call"
  /** No peer connection without a call on screen. */
  | "connection_without_call"
  /** A connection that says goodbye is gone after {@link FAREWELL_MS}. */
  | "farewell_too_long"
  /** The microphone's icon and `track.enabled` agree. */
  | "track_differs_from_icon"
  /** The microphone's icon and what the other side was told agree. */
  | "told_differs_from_icon"
  /** When the call is gone, its listeners and timers are. */
  | "left_over";

export interface Violation {
  readonly rule: Rule;
  readonly slot: Slot;
  /** For the report: what is wrong, in a sentence. Names no person. */
  readonly says: string;
}

/** Every rule that does not hold. */
export function violations(view: PhoneView, facts: EquipmentFacts): Violation[] {
  return (["a", "b"] as const).flatMap((slot) =>
    [...heldWithoutCall(view, facts[slot]), ...disagreements(facts[slot])].map(([rule, says]) => ({
      rule,
      slot,
      says: `${says} (handset ${slot}, which shows ${facts[slot].view.phase})`,
    })),
  );
}

/** Nothing was told yet: the other side takes this one to be heard. */
export const NOTHING_TOLD: SoundTold = { muted: false, on_hold: false };

/**
 * What the other side was told after an effect of the slot was carried out. Starts anew with
 * {@link NOTHING_TOLD} for every call.
 */
export function soundTold(before: SoundTold | null, effect: HandsetEffect): SoundTold | null {
  if (effect.type === "send_control" && effect.message.type === "sound") {
    return effect.message.sound;
  }
  if (effect.type !== "send") return before;
  if (effect.request.type === "set_sound") return effect.request.sound;
  // What the device before told is not known here; the handset says it anew.
  return effect.request.type === "take_call" ? null : before;
}

/** Whether a handset that shows this may have a microphone. */
export function mayHoldMicrophone(view: HandsetView): boolean {
  return (
    view.phase === "outgoing" ||
    view.phase === "active" ||
    (view.phase === "incoming" && view.answering)
  );
}

/** Whether a handset that shows this may have a peer connection. */
export function mayHoldConnection(view: HandsetView): boolean {
  return view.phase === "outgoing" || view.phase === "active" || view.phase === "incoming";
}

/** Whether the microphone's track carries sound, by what is shown; null where nothing is shown of it. */
export function isHeard(view: HandsetView): boolean | null {
  if (view.phase === "outgoing") return !view.muted;
  if (view.phase === "active") {
    return !(view.muted || view.on_hold || view.peer_on_hold || view.other?.silenced === true);
  }
  return null;
}

type Finding = readonly [rule: Rule, says: string];

function heldWithoutCall(screen: PhoneView, facts: SlotFacts): Finding[] {
  const { view, opening, tracks, connections, farewells, listeners, timers } = facts;
  const shown = isOnScreen(screen, view);
  const found: Finding[] = [];
  if ((opening || tracks.length > 0) && !(shown && mayHoldMicrophone(view))) {
    found.push(["track_without_call", "a microphone is held without a call on screen"]);
  }
  if (connections > 0 && !(shown && mayHoldConnection(view))) {
    found.push(["connection_without_call", "a connection is held without a call on screen"]);
  }
  if (farewells.some((age) => age > FAREWELL_MS + TIMER_LATENESS_MS)) {
    found.push(["farewell_too_long", "a connection that was given up is still there"]);
  }
  if (!mayHoldConnection(view) && listeners + timers > 0) {
    const left = `${listeners} listeners and ${timers} timers`;
    found.push(["left_over", `${left} are left of a call that is gone`]);
  }
  return found;
}

function disagreements({ view, tracks, told }: SlotFacts): Finding[] {
  const heard = isHeard(view);
  const found: Finding[] = [];
  for (const { enabled } of tracks) {
    if (heard !== null && enabled !== heard) {
      const is = (sends: boolean): string => (sends ? "sends" : "is silent");
      const says = `the screen says that the microphone ${is(heard)}, and it ${is(enabled)}`;
      found.push(["track_differs_from_icon", says]);
    }
  }
  if (view.phase === "active" && told !== null) {
    for (const what of ["muted", "on_hold"] as const) {
      if (told[what] !== view[what]) {
        const says = `${what} is ${view[what]} on screen, and the other side was told ${told[what]}`;
        found.push(["told_differs_from_icon", says]);
      }
    }
  }
  return found;
}

/** Whether what a handset shows is on the phone's screen. */
function isOnScreen({ current, waiting, held }: PhoneView, view: HandsetView): boolean {
  return [current, waiting, held].some(
    (shown) =>
      shown !== null &&
      shown.phase !== "idle" &&
      view.phase !== "idle" &&
      shown.phase === view.phase &&
      shown.conversation === view.conversation &&
      shown.call === view.call,
  );
}
