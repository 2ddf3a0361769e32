// Whether a description that came is the other device's word on this call and this connection.
//
// The twin of `crates/identity/src/check.rs`. The only way into a peer connection leads through here. What it cannot know is
// whether the key is the person's: that is `standing.ts`.

import type { CallDescription } from "../protocol/CallDescription";
import type { Role } from "../protocol/Role";
import { type CallName, type End, signedBytes } from "./layout";
import { isSigned } from "./signature";

/** What a device knows of a connection when a description comes. */
export interface Known {
  readonly call: CallName;
  /** Which side this device is on. */
  readonly role: Role;
  readonly own: End;
  /** The other end, once a description of it was taken into this connection. */
  readonly other: End | null;
}

/**
 * What is wrong with a description: it is of another call; it begins a connection where there is one or goes on with one
 * where there is none; it is of another device or certificate than this connection has; its key did not sign it, or
 * signed it for another end.
 */
export type Forgery = "attempt" | "beginning" | "end" | "signature";

/** What is wrong with a description that came; null where nothing is. */
export async function forgeryOf(
  known: Known,
  description: CallDescription,
): Promise<Forgery | null> {
  const { identity, kind, fingerprint } = description;
  if (identity.attempt !== known.call.attempt) return "attempt";
  const part = identity.code === null ? null : kind === "offer" ? "commitment" : "nonce";
  if (identity.code !== null && part !== null && !(part in identity.code)) return "beginning";
  if ((part !== null) !== (known.other === null)) return "beginning";
  const { other } = known;
  if (other && (other.key !== identity.key || other.fingerprint !== fingerprint)) return "end";
  const bound = part === "commitment" ? null : known.own;
  const sender = known.role === "caller" ? "callee" : "caller";
  const bytes = signedBytes(known.call, sender, description, bound);
  return (await isSigned(identity.key, bytes, identity.signature)) ? null : "signature";
}
