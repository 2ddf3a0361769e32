// Messages of the control channel: what the other device says directly, read strictly, and what this one says.
//
// The other device is not trusted: a message is text of a bounded size, one JSON object, every field
// of it of the exact type and within its rules (those of `descriptionRules.ts` for what comes near SDP).
// Whatever else comes is nothing at all. Only the fields that a message has are handed on.

import type { CallDescription } from "../protocol/CallDescription";
import type { Candidate } from "../protocol/Candidate";
import type { ControlMessage } from "../protocol/ControlMessage";
import { CONTROL_MAX_BYTES } from "../protocol/constants";
import {
  checkCandidate,
  checkCandidateCount,
  checkDescription,
  checkNonce,
  DescriptionError,
} from "./descriptionRules";

/** The text of a message. */
export function writeControl(message: ControlMessage): string {
  return JSON.stringify(message);
}

/** What came over the channel (`MessageEvent.data`); null unless it can be read. */
export function readControl(data: unknown): ControlMessage | null {
  if (typeof data !== "string" || !isWithinLimit(data)) return null;
  const value = parse(data);
  if (!isObject(value)) return null;
  try {
    return read(value);
  } catch (error) {
    if (error instanceof DescriptionError) return null;
    throw error;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function read(fields: Fields): ControlMessage | null {
  switch (fields["type"]) {
    case "sound":
      return readSound(fields["sound"]);
    case "hang_up":
      return { type: "hang_up" };
    case "leaving":
      return { type: "leaving" };
    case "description":
      return { type: "description", description: readDescription(fields["description"]) };
    case "reveal":
      return readReveal(fields["nonce"]);
    case "candidates":
      return readCandidates(fields["epoch"], fields["candidates"]);
    default:
      return null;
  }
}

function readSound(sound: unknown): ControlMessage | null {
  if (!isObject(sound)) return null;
  const { muted, on_hold, change } = sound;
  if (typeof muted !== "boolean" || typeof on_hold !== "boolean") return null;
  if (!isUnsigned(change, 0xffff_ffff)) return null;
  return { type: "sound", sound: { muted, on_hold, change } };
}

function readDescription(value: unknown): CallDescription {
  const description = value as CallDescription;
  checkDescription(description);
  const { epoch, kind, ufrag, pwd, fingerprint, dtls, direction } = description;
  const codecs = description.codecs.map((codec): CallDescription["codecs"][number] => {
    const { payload_type } = codec;
    if (codec.codec === "red") return { codec: "red", payload_type, over: codec.over };
    const { fec, dtx, cbr, max_average_bitrate: rate } = codec;
    const limit = rate === undefined ? {} : { max_average_bitrate: rate };
    return { codec: "opus", payload_type, fec, dtx, cbr, ...limit };
  });
  const extensions = description.extensions.map(({ id, kind }) => ({ id, kind }));
  const { attempt, key, code, signature } = description.identity;
  const identity = { attempt, key, code: code && { ...code }, signature };
  return { epoch, kind, ufrag, pwd, fingerprint, dtls, codecs, extensions, direction, identity };
}

function readReveal(nonce: unknown): ControlMessage {
  checkNonce(nonce);
  return { type: "reveal", nonce };
}

function readCandidates(epoch: unknown, list: unknown): ControlMessage | null {
  if (!isUnsigned(epoch, 0xffff) || !Array.isArray(list)) return null;
  checkCandidateCount(list.length);
  const candidates = list.map((value): Candidate => {
    const candidate = value as Candidate;
    checkCandidate(candidate);
    const { foundation, priority, address, port, kind } = candidate;
    return { foundation, priority, address, port, kind };
  });
  return { type: "candidates", epoch, candidates };
}

function isWithinLimit(text: string): boolean {
  // A character has one byte at least; what is much too long is not even counted.
  return (
    text.length <= CONTROL_MAX_BYTES && new TextEncoder().encode(text).length <= CONTROL_MAX_BYTES
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isUnsigned(value: unknown, max: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= max;
}
