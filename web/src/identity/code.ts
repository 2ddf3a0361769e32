// The code that two people read to each other: five pictures, the same on both screens unless somebody is in between.
//
// The twin of `crates/identity/src/code.rs`, which says why it comes about by commitment, answer and reveal.

import type { AttemptId } from "../protocol/AttemptId";
import type { CodeCommitment } from "../protocol/CodeCommitment";
import type { CodeNonce } from "../protocol/CodeNonce";
import type { DeviceKey } from "../protocol/DeviceKey";
import type { Fingerprint } from "../protocol/Fingerprint";
import type { OtherEnd } from "../protocol/OtherEnd";
import type { UserId } from "../protocol/UserId";
import { fromHex, fromUuid, join, label, toHex } from "./hex";
import type { End } from "./layout";

/** The numbers of five pictures (`pictures.ts`). */
export type Code = NonNullable<OtherEnd["code"]>;

/** What both know of a connection once the offerer has revealed its nonce. */
export interface Revealed {
  readonly attempt: AttemptId;
  /** Whoever made the offer that began the connection. */
  readonly offerer: End;
  readonly answerer: End;
  readonly offered: CodeNonce;
  readonly answered: CodeNonce;
}

/** Pictures in a device's mark. */
const MARK_PICTURES = 8;

export function makeNonce(): CodeNonce {
  return toHex(crypto.getRandomValues(new Uint8Array(32)));
}

/** What an offer that begins a connection says of the nonce that will be revealed. */
export async function commitmentTo(
  attempt: AttemptId,
  offerer: Fingerprint,
  nonce: CodeNonce,
): Promise<CodeCommitment> {
  const parts = [
    label("ahoy call commitment 1"),
    fromUuid(attempt),
    fromHex(offerer),
    fromHex(nonce),
  ];
  return toHex(await crypto.subtle.digest("SHA-256", join(parts)));
}

export async function codeOf(connection: Revealed): Promise<Code> {
  const { attempt, offerer, answerer, offered, answered } = connection;
  const secret = join([fromHex(offered), fromHex(answered)]);
  const info = join([
    label("ahoy call code 1"),
    fromUuid(attempt),
    fromHex(offerer.fingerprint),
    fromHex(answerer.fingerprint),
    fromHex(offerer.key),
    fromHex(answerer.key),
  ]);
  const key = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const hkdf = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info };
  const bits = new Uint8Array(await crypto.subtle.deriveBits(hkdf, key, 32));
  const at = (i: number): number => picture(bits, i);
  return [at(0), at(1), at(2), at(3), at(4)];
}

/**
 * What a person compares on their own two screens before one of their devices endorses the other. It has no commitment:
 * whoever wants to fake it may try keys at leisure, so it is longer.
 */
export async function markOf(account: UserId, key: DeviceKey): Promise<number[]> {
  const parts = [label("ahoy device mark 1"), fromUuid(account), fromHex(key)];
  const bits = new Uint8Array(await crypto.subtle.digest("SHA-256", join(parts)));
  return Array.from({ length: MARK_PICTURES }, (_, i) => picture(bits, i));
}

/** Six bits for each picture, the highest first. */
function picture(bits: Uint8Array, index: number): number {
  let number = 0;
  for (let at = index * 6; at < index * 6 + 6; at++) {
    number = (number << 1) | (((bits[at >> 3] ?? 0) >> (7 - (at & 7))) & 1);
  }
  return number;
}
