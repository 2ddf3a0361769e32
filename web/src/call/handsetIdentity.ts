// Who is at the other end: what the peer connection found out about it, and what the person makes of that.
//
// The twin of `crates/call/src/handset/identity.rs`. Signatures are checked where descriptions are used, not here. The
// rule kept here: while the other side's key is not one of those that the person is known by, and *Talk anyway* was not
// pressed, no sound goes either way.

import type { DeviceKey } from "../protocol/DeviceKey";
import type { HandsetEffect } from "../protocol/HandsetEffect";
import type { OtherEnd } from "../protocol/OtherEnd";
import type { Standing } from "../protocol/Standing";
import type { Timestamp } from "../protocol/Timestamp";
import type { HandsetMemory, PeerMemory } from "./handset";
import { fail } from "./handsetEnding";
import { isSent } from "./handsetTaking";

/** The numbers of the pictures that the two people compare. */
export type Code = NonNullable<OtherEnd["code"]>;

/** The device at the other end of the present peer connection. */
export interface Other {
  readonly key: DeviceKey;
  standing: Standing;
  code: Code | null;
  /** Whether the person knows that the key changed, and goes on. */
  accepted: boolean;
  /** Whether the key was given to be kept, as it stands. */
  kept: boolean;
}

/** Whether sound waits for the person's word. */
export function isSilenced(peer: PeerMemory | null): boolean {
  const other = peer?.other;
  return other?.standing === "changed" && !other.accepted;
}

export function otherView(peer: PeerMemory | null): OtherEnd | null {
  if (!peer?.other) return null;
  const { standing, code } = peer.other;
  return { standing, code, silenced: isSilenced(peer) };
}

export function identified({ peer }: HandsetMemory, key: DeviceKey, standing: Standing): void {
  if (!peer) return;
  if (peer.other?.key === key) {
    peer.other.kept &&= peer.other.standing === standing;
    peer.other.standing = standing;
  } else {
    peer.other = { key, standing, code: null, accepted: false, kept: false };
  }
}

/**
 * What came is not the other device's word on this connection. A description may once be an answer to a connection before this
 * one, of this account's other device perhaps, with the same epoch: it is asked again. The second time somebody is in between.
 */
export function peerForged(
  memory: HandsetMemory,
  now: Timestamp,
  mayBeLate: boolean,
  effects: HandsetEffect[],
): void {
  const { state } = memory;
  if (mayBeLate && state.at === "talking" && !state.doubted) {
    state.doubted = true;
    state.line.offerOnANewPeer(state.line.epoch, effects);
  } else if (mayBeLate && state.at === "taking" && isSent(state)) {
    state.doubted = true;
  } else {
    fail(memory, now, "identity", effects);
  }
}

export function coded({ peer }: HandsetMemory, code: Code): void {
  if (peer?.other) peer.other.code = code;
}

/** The person knows how the key stands, and goes on. */
export function accept({ peer }: HandsetMemory): void {
  if (peer?.other) peer.other.accepted = true;
}

/** The two people read the code to each other. Nothing happens where another one has taken its place. */
export function compared(
  memory: HandsetMemory,
  now: Timestamp,
  code: Code,
  same: boolean,
  effects: HandsetEffect[],
): void {
  const other = memory.peer?.other;
  if (!other?.code?.every((picture, i) => picture === code[i])) return;
  if (!same) return fail(memory, now, "identity", effects);
  other.kept &&= other.standing === "verified";
  other.standing = "verified";
}

/** Has the key kept once the path to its device stands. */
export function keepKey({ state, peer }: HandsetMemory, effects: HandsetEffect[]): void {
  const connected = state.at === "talking" && state.path === "connected";
  const other = peer?.other;
  if (!other || !connected || other.kept || isSilenced(peer)) return;
  other.kept = true;
  effects.push({ type: "keep_key", key: other.key, verified: other.standing === "verified" });
}
