// What both sides of a call do with their sound: muted, on hold, and what follows for microphone and speaker.
//
// The twin of `crates/call/src/handset/sound.rs`. Each side counts its changes. Whatever way a change comes
// by, the one with the larger number holds; so a late one changes nothing.

import type { CallId } from "../protocol/CallId";
import type { CallSound } from "../protocol/CallSound";
import type { CallView } from "../protocol/CallView";
import type { HandsetEffect } from "../protocol/HandsetEffect";
import type { Role } from "../protocol/Role";

const CHANGE_MAX = 0xffff_ffff;

export class HandsetSound {
  #own: CallSound;
  #peer: CallSound;
  /** Whether the person wants to hear the other side. */
  speaker = true;

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

  /** The other side's state came, by whichever way. */
  hearOf(peer: CallSound): void {
    if (peer.change > this.#peer.change) this.#peer = peer;
  }

  /** Says whether the server must be told the own state, because it shows another one. */
  mustBeTold(shown: CallSound): boolean {
    if (isSame(shown, this.#own)) return false;
    if (shown.change >= this.#own.change) {
      this.#own = { ...this.#own, change: after(shown.change) };
    }
    return true;
  }

  /** Tells the own state by both ways. */
  tell(call: CallId, control: boolean, effects: HandsetEffect[]): void {
    if (control) effects.push(this.message());
    effects.push({ type: "send", request: { type: "set_sound", call, sound: this.#own } });
  }

  message(): HandsetEffect {
    return { type: "send_control", message: { type: "sound", sound: this.#own } };
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
