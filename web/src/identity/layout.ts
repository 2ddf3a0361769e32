// What a device signs of a description: bytes of one fixed layout, never JSON.
//
// The twin of `crates/identity/src/layout.rs`; both pass `crates/identity/tests/vectors.json`. Everything that a description
// says is in it, so that whoever carries it can change nothing.

import type { AttemptId } from "../protocol/AttemptId";
import type { CallDescription } from "../protocol/CallDescription";
import type { Codec } from "../protocol/Codec";
import type { DeviceKey } from "../protocol/DeviceKey";
import type { Direction } from "../protocol/Direction";
import type { DtlsRole } from "../protocol/DtlsRole";
import type { ExtensionKind } from "../protocol/ExtensionKind";
import type { Fingerprint } from "../protocol/Fingerprint";
import type { Identity } from "../protocol/Identity";
import type { Role } from "../protocol/Role";
import type { UserId } from "../protocol/UserId";
import { fromHex, fromUuid, join, label } from "./hex";

/** The call that descriptions belong to, as both devices must know it. */
export interface CallName {
  readonly attempt: AttemptId;
  readonly caller: UserId;
  readonly callee: UserId;
}

/** One end of a connection: a device and its certificate. */
export interface End {
  readonly key: DeviceKey;
  readonly fingerprint: Fingerprint;
}

/** A description before it is signed. */
export interface Unsigned extends Omit<CallDescription, "identity"> {
  readonly identity: Omit<Identity, "signature">;
}

/** The bytes that the device of `sender` signs. */
export function signedBytes(
  call: CallName,
  sender: Role,
  description: Unsigned,
  other: End | null,
): Uint8Array<ArrayBuffer> {
  const { identity, kind, dtls, epoch, ufrag, pwd, fingerprint } = description;
  return join([
    label("ahoy call description 1"),
    fromUuid(call.attempt),
    fromUuid(call.caller),
    fromUuid(call.callee),
    sender === "caller" ? 0 : 1,
    kind === "offer" ? 0 : 1,
    DTLS_ROLES.indexOf(dtls),
    ...unsigned16(epoch),
    fromHex(identity.key),
    other ? fromHex(other.key) : ZEROS,
    fromHex(fingerprint),
    other ? fromHex(other.fingerprint) : ZEROS,
    ...text(ufrag),
    ...text(pwd),
    ...codePart(identity.code),
    description.codecs.length,
    ...description.codecs.flatMap(codecBytes),
    description.extensions.length,
    ...description.extensions.flatMap(({ id, kind }) => [id, EXTENSIONS.indexOf(kind)]),
    DIRECTIONS.indexOf(description.direction),
  ]);
}

const ZEROS = new Uint8Array(32);
/** By their numbers in the layout. */
const DTLS_ROLES: readonly DtlsRole[] = ["actpass", "active", "passive"];
const EXTENSIONS: readonly ExtensionKind[] = [
  "mid",
  "audio_level",
  "abs_send_time",
  "transport_cc",
];
const DIRECTIONS: readonly Direction[] = ["sendrecv", "sendonly", "recvonly", "inactive"];

/** A length of two bytes and the text: an ICE password may have 256 characters. */
function text(value: string): (Uint8Array | number)[] {
  return [...unsigned16(value.length), new TextEncoder().encode(value)];
}

function codePart(code: Identity["code"]): (Uint8Array | number)[] {
  if (code === null) return [0, ZEROS];
  return "commitment" in code ? [1, fromHex(code.commitment)] : [2, fromHex(code.nonce)];
}

function codecBytes(codec: Codec): number[] {
  if (codec.codec === "red") return [1, codec.payload_type, codec.over];
  const { payload_type, fec, dtx, cbr, max_average_bitrate: rate = 0 } = codec;
  const flags = Number(fec) | (Number(dtx) << 1) | (Number(cbr) << 2);
  return [0, payload_type, flags, ...unsigned16(rate >>> 16), ...unsigned16(rate & 0xffff)];
}

function unsigned16(value: number): [number, number] {
  return [value >> 8, value & 0xff];
}
