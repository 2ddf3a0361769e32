// What a call description and a candidate may be: the rules of `protocol::description`, kept again
// in the browser.
//
// Whatever passes here is written into the SDP template as it stands, so every text is matched
// whole against its alphabet and every number against its range. The values come from another
// client by way of a server, and neither is trusted.

import { CANDIDATES_MAX } from "../protocol/constants";
import type { CallDescription } from "../protocol/CallDescription";
import type { Candidate } from "../protocol/Candidate";
import type { Codec } from "../protocol/Codec";
import { isCandidateAddress, leadsElsewhere } from "./address";

/** A description, candidate or browser SDP that Ahoy does not speak. The call ends with cause `protocol`. */
export class DescriptionError extends Error {
  override readonly name = "DescriptionError";
}

/** A description that says nothing of who made it. */
export type Anonymous = Omit<CallDescription, "identity">;

/** Throws {@link DescriptionError} unless a description keeps every rule. What the identity is worth is checked elsewhere. */
export function checkDescription(description: CallDescription): void {
  checkAnonymous(description);
  demand(hasIdentity(description), "identity");
}

/** Whether a description says in due form who made it. */
export function hasIdentity({ kind, identity }: CallDescription): boolean {
  if (!isObject(identity)) return false;
  const { attempt, key, code, signature } = identity;
  return (
    isText(attempt, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) &&
    isText(key, /^[0-9a-f]{64}$/) &&
    isText(signature, /^[0-9a-f]{128}$/) &&
    (code === null || isPart(code, kind))
  );
}

function isPart(code: object, kind: CallDescription["kind"]): boolean {
  if (!isObject(code) || Object.keys(code).length !== 1) return false;
  const part: unknown = Reflect.get(code, kind === "offer" ? "commitment" : "nonce");
  return isText(part, /^[0-9a-f]{64}$/);
}

/** The same for all but who made it. */
export function checkAnonymous(description: Anonymous): void {
  demand(isObject(description), "description");
  const { epoch, kind, ufrag, pwd, fingerprint, dtls, direction } = description;
  demand(isInteger(epoch, 0, 65_535), "epoch");
  demand(["offer", "answer"].includes(kind), "kind");
  demand(isText(ufrag, /^[a-zA-Z0-9+/]{4,256}$/), "ufrag");
  demand(isText(pwd, /^[a-zA-Z0-9+/]{22,256}$/), "pwd");
  demand(isText(fingerprint, /^[0-9a-f]{64}$/), "fingerprint");
  demand(["sendrecv", "sendonly", "recvonly", "inactive"].includes(direction), "direction");
  demand(kind === "offer" ? dtls === "actpass" : dtls === "active" || dtls === "passive", "dtls");
  checkCodecs(description.codecs);
  checkExtensions(description.extensions);
}

/** Throws {@link DescriptionError} unless a candidate keeps every rule and leads to another device. */
export function checkCandidate(candidate: Candidate): void {
  demand(isObject(candidate), "candidate");
  const { foundation, priority, address, port, kind } = candidate;
  demand(isText(foundation, /^[a-zA-Z0-9+/]{1,32}$/), "foundation");
  demand(isInteger(priority, 0, 0xffff_ffff), "priority");
  demand(typeof address === "string" && isCandidateAddress(address), "address");
  demand(leadsElsewhere(address), "address");
  demand(isInteger(port, 1024, 65_535) || port === 443, "port");
  demand(["host", "srflx", "prflx", "relay"].includes(kind), "candidate kind");
}

/** Throws {@link DescriptionError} unless it has the form of a nonce. */
export function checkNonce(nonce: unknown): asserts nonce is string {
  demand(isText(nonce, /^[0-9a-f]{64}$/), "nonce");
}

/** Throws {@link DescriptionError} if one side sent more candidates for an epoch than is allowed. */
export function checkCandidateCount(count: number): void {
  demand(count <= CANDIDATES_MAX, "number of candidates");
}

/** Codecs in one description, at most (`protocol::limits::CODECS_MAX`). */
const CODECS_MAX = 4;
/** Header extensions in one description, at most (`protocol::limits::EXTENSIONS_MAX`). */
const EXTENSIONS_MAX = 8;

function checkCodecs(codecs: readonly Codec[]): void {
  demand(Array.isArray(codecs) && codecs.length <= CODECS_MAX, "codecs");
  demand(codecs.every(isObject), "codecs");
  const opus = codecs.filter((c) => c.codec === "opus").map((c) => c.payload_type);
  demand(opus.length > 0, "codecs: opus is missing");
  demand(
    isWithoutRepeats(codecs.map((c) => c.payload_type)),
    "codecs: a payload type occurs twice",
  );
  for (const codec of codecs) {
    const p = codec.payload_type;
    demand(isInteger(p, 35, 63) || isInteger(p, 96, 127), "payload type");
    demand(["opus", "red"].includes(codec.codec), "codec");
    if (codec.codec === "red") {
      demand(opus.includes(codec.over), "red must lie over an opus of the same list");
    } else {
      const { fec, dtx, cbr, max_average_bitrate: rate } = codec;
      demand([fec, dtx, cbr].every(isBoolean), "opus parameters");
      demand(rate === undefined || isInteger(rate, 6_000, 510_000), "max_average_bitrate");
    }
  }
}

function checkExtensions(extensions: CallDescription["extensions"]): void {
  demand(Array.isArray(extensions) && extensions.length <= EXTENSIONS_MAX, "extensions");
  demand(extensions.every(isObject), "extensions");
  demand(isWithoutRepeats(extensions.map((e) => e.id)), "extensions: an id occurs twice");
  demand(isWithoutRepeats(extensions.map((e) => e.kind)), "extensions: a kind occurs twice");
  for (const { id, kind } of extensions) {
    demand(isInteger(id, 1, 14), "extension id");
    const known = ["mid", "audio_level", "abs_send_time", "transport_cc"];
    demand(known.includes(kind), "extension kind");
  }
}

function demand(holds: boolean, what: string): void {
  if (!holds) throw new DescriptionError(`not allowed in a call: ${what}`);
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isBoolean(value: unknown): boolean {
  return typeof value === "boolean";
}

function isText(value: unknown, form: RegExp): boolean {
  return typeof value === "string" && form.test(value);
}

function isInteger(value: unknown, min: number, max: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;
}

function isWithoutRepeats(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length;
}
