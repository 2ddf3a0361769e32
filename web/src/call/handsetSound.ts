// What both sides of a call do with their sound: muted, on hold, and what follows for microphone and speaker.
//
// The twin of `crates/call/src/handset/sound.rs`. Each side counts its changes. Whatever way a change comes
// by, the one with the larger number holds; so a late one changes nothing.

import type { CallId } from "../protocol/CallId";
import type { CallSound } from "../protocol/CallSound";
import type { CallView } from "../protocol/CallView";
import type { ConversationId } from "../protocol/ConversationId";
import type { HandsetEffect } from "../protocol/HandsetEffect";
import type { HandsetView } from "../protocol/HandsetView";
import type { OtherEnd } from "../protocol/OtherEnd";
import type { Path } from "../protocol/Path";
import type { Route } from "../protocol/Route";
import type { Role } from "../protocol/Role";
import type { Timestamp } from "../protocol/Timestamp";

const CHANGE_MAX = 0xffff_ffff;

export class HandsetSound {
  #own: CallSound;
  #peer: CallSound;
  /** Whether the person wants to hear the other side. */
  speaker = true;
  /** Whether another device may speak for the other side from now on, which counts from what it knew. */
  #peerIsNew = false;

  /** As the server shows it. */
  constructor(view: CallView) {
    this.#own = soundOf(view, view.role);
    this.#peer = soundOf(view, otherRole(view.role));
  }

  get own(): CallSound {
    return this.#own;
  }

  get peer(): CallSound {
    return this.#peer;
  }

  /** Whether the microphone's track is silent, whoever wants it so. */
  get isMute(): boolean {
    return this.#own.muted || this.#own.on_hold || this.#peer.on_hold;
  }

  /** Whether the other side is heard here. */
  get isAudible(): boolean {
    return this.speaker && !this.#own.on_hold;
  }

  /** Whether both sides mean sound to come from the other one. */
  get isExpected(): boolean {
    return !this.#own.on_hold && !this.#peer.muted && !this.#peer.on_hold;
  }

  /** Mutes or unmutes this side. Says whether that is a change. */
  mute(muted: boolean): boolean {
    return this.#change({ ...this.#own, muted });
  }

  /** Puts this side on hold or takes it off. Says whether that is a change. */
  hold(onHold: boolean): boolean {
    return this.#change({ ...this.#own, on_hold: onHold });
  }

  #change(to: CallSound): boolean {
    if (isSame(to, this.#own)) return false;
    this.#own = { ...to, change: after(this.#own.change) };
    return true;
  }

  /** The other side's state came from the server. */
  hearOf(peer: CallSound): void {
    if (peer.change > this.#peer.change) this.#peer = peer;
  }

  /** The other side told its state itself. What a new peer says first holds, whatever the one before it said last. */
  hear(peer: CallSound): void {
    if (this.#peerIsNew) this.#peer = peer;
    else this.hearOf(peer);
    this.#peerIsNew = false;
  }

  /** The other side is another device than before, or the same one after a reload. */
  peerIsNew(): void {
    this.#peerIsNew = true;
  }

  /** The server shows what the device does that still has the call. */
  follow(shown: HandsetSound): void {
    this.hearOf(shown.#peer);
    if (shown.#own.change > this.#own.change) this.#own = shown.#own;
  }

  /** Says whether the server must be told the own state, because it shows another one. */
  mustBeTold(shown: CallSound): boolean {
    if (isSame(shown, this.#own)) return false;
    if (this.isContradictedBy(shown)) {
      this.#own = { ...this.#own, change: after(shown.change) };
    }
    return true;
  }

  /** Whether the server shows what this device never said: a page before this one said it, and it came late. */
  isContradictedBy(shown: CallSound): boolean {
    return shown.change >= this.#own.change && !isSame(shown, this.#own);
  }

  /** Tells the own state by both ways. */
  tell(call: CallId, control: boolean, effects: HandsetEffect[]): void {
    if (control) effects.push(this.message());
    effects.push({ type: "send", request: { type: "set_sound", call, sound: this.#own } });
  }

  message(): HandsetEffect {
    return { type: "send_control", message: { type: "sound", sound: this.#own } };
  }

  /** The screen of an answered call. */
  view(
    conversation: ConversationId,
    call: CallId,
    path: Path,
    route: Route | null,
    other: OtherEnd | null,
    since: Timestamp | null,
  ): HandsetView {
    return {
      phase: "active",
      conversation,
      call,
      path,
      ...(route === null ? {} : { route }),
      ...(other === null ? {} : { other }),
      since,
      muted: this.#own.muted,
      speaker: this.speaker,
      on_hold: this.#own.on_hold,
      peer_muted: this.#peer.muted,
      peer_on_hold: this.#peer.on_hold,
    };
  }
}

/** What one side of a call does with its sound, as the server shows it. */
export function soundOf({ call }: CallView, role: Role): CallSound {
  return role === "caller" ? call.caller_sound : call.callee_sound;
}

export function otherRole(role: Role): Role {
  return role === "caller" ? "callee" : "caller";
}

function after(change: number): number {
  return Math.min(change + 1, CHANGE_MAX);
}

function isSame(a: CallSound, b: CallSound): boolean {
  return a.muted === b.muted && a.on_hold === b.on_hold && a.change === b.change;
}
