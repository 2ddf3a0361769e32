import { describe, expect, test } from "vitest";

import VALUES from "../../../crates/call/scenarios/values.json";
import type { CallDescription } from "../protocol/CallDescription";
import type { Candidate } from "../protocol/Candidate";
import { CANDIDATES_MAX, CONTROL_MAX_BYTES } from "../protocol/constants";
import type { ControlMessage } from "../protocol/ControlMessage";
import { readControl, writeControl } from "./control";
import { spoilt } from "./spoilt";
import { seeded } from "./testing";

const DESCRIPTION = {
  ...VALUES.bob_offer_0,
  extensions: [{ id: 4, kind: "mid" }],
} as CallDescription;
const CANDIDATE = VALUES.ada_candidate_1 as Candidate;
const SOUND = { muted: true, on_hold: false, change: 3 };
const MESSAGES = [
  { type: "sound", sound: SOUND },
  { type: "hang_up" },
  { type: "leaving" },
  { type: "description", description: DESCRIPTION },
  { type: "description", description: VALUES.ada_answer_0 },
  { type: "candidates", epoch: 0, candidates: [] },
  { type: "candidates", epoch: 65_535, candidates: [CANDIDATE] },
  { type: "reveal", nonce: "5e".repeat(32) },
] as ControlMessage[];

describe("a message is read as it was written", () => {
  test.each(MESSAGES.map((message): [string, ControlMessage] => [message.type, message]))(
    "%s",
    (_, message) => {
      expect(readControl(writeControl(message))).toEqual(message);
    },
  );
});

test("the longest message that the rules allow is not too long", () => {
  const candidates = Array.from({ length: CANDIDATES_MAX }, (_, i) => ({
    foundation: String(i).padStart(32, "x"),
    priority: 4_294_967_295,
    address: `${"a".repeat(63)}.local`,
    port: 65_535,
    kind: "srflx" as const,
  }));
  const text = writeControl({ type: "candidates", epoch: 65_535, candidates });
  expect(text.length).toBeLessThan(CONTROL_MAX_BYTES);
  expect(readControl(text)).toEqual({ type: "candidates", epoch: 65_535, candidates });
});

test("fields that a message does not have are not handed on", () => {
  const more = { sdp: "a=evil", toString: 1 };
  const sound = { type: "sound", sound: { ...SOUND, ...more }, ...more };
  expect(readControl(JSON.stringify(sound))).toEqual({ type: "sound", sound: SOUND });
  const codecs = DESCRIPTION.codecs.map((codec) => ({ ...codec, ...more }));
  const extensions = DESCRIPTION.extensions.map((extension) => ({ ...extension, ...more }));
  const description = { ...DESCRIPTION, ...more, codecs, extensions };
  expect(readControl(JSON.stringify({ type: "description", description, ...more }))).toEqual({
    type: "description",
    description: DESCRIPTION,
  });
  const candidates = [{ ...CANDIDATE, ...more }];
  expect(readControl(JSON.stringify({ type: "candidates", epoch: 1, candidates }))).toEqual({
    type: "candidates",
    epoch: 1,
    candidates: [CANDIDATE],
  });
});

test.each<[string, unknown]>([
  ["bytes", new TextEncoder().encode(writeControl({ type: "hang_up" })).buffer],
  ["nothing", undefined],
  ["an object", { type: "hang_up" }],
  ["an empty text", ""],
  ["a cut text", '{"type":"hang_up"'],
  ["two messages", '{"type":"hang_up"}{"type":"hang_up"}'],
  ["deep nesting", "[".repeat(CONTROL_MAX_BYTES)],
  ["a text one byte too long", padded(CONTROL_MAX_BYTES + 1)],
  ["a text whose characters have many bytes", `{"type":"hang_up","x":"${"€".repeat(5_500)}"}`],
  ["a gigantic text", padded(50_000_000)],
])("what is no message is nothing: %s", (_, data) => {
  expect(readControl(data)).toBeNull();
});

test("the size that is allowed is read", () => {
  expect(readControl(padded(CONTROL_MAX_BYTES))).toEqual({ type: "hang_up" });
});

const SMUGGLED = "\r\na=candidate:1 1 udp 1 10.0.0.1 9 typ host";

test.each<[string, unknown]>([
  ["null", null],
  ["a number", 1],
  ["a text", "hang_up"],
  ["a list", [{ type: "hang_up" }]],
  ["no type", { sound: SOUND }],
  ["an unknown type", { type: "dial" }],
  ["a type that every object has", { type: "constructor" }],
  ["a list for a type", { type: ["hang_up"] }],
  ["another case", { type: "HANG_UP" }],

  ["no sound", { type: "sound" }],
  ["null for a sound", { type: "sound", sound: null }],
  ["a list for a sound", { type: "sound", sound: [true, false, 1] }],
  ["a number for muted", { type: "sound", sound: { ...SOUND, muted: 1 } }],
  ["a text for on_hold", { type: "sound", sound: { ...SOUND, on_hold: "false" } }],
  ["no change", { type: "sound", sound: { muted: true, on_hold: false } }],
  ["a text for change", { type: "sound", sound: { ...SOUND, change: "3" } }],
  ["a fraction", { type: "sound", sound: { ...SOUND, change: 0.5 } }],
  ["a negative change", { type: "sound", sound: { ...SOUND, change: -1 } }],
  ["a change beyond its type", { type: "sound", sound: { ...SOUND, change: 4_294_967_296 } }],

  ["no description", { type: "description" }],
  ["null for a description", { type: "description", description: null }],
  ["a text for a description", { type: "description", description: "v=0" }],
  ["a list for a description", { type: "description", description: [DESCRIPTION] }],
  ["a line break in ufrag", described({ ufrag: `Yx3+${SMUGGLED}` })],
  ["a line break in pwd", described({ pwd: `q8W1vHkq0mXk9pYc2dRt5uZa${SMUGGLED}` })],
  ["another fingerprint's length", described({ fingerprint: "ab".repeat(20) })],
  ["an epoch beyond its type", described({ epoch: 65_536 })],
  ["no codecs", described({ codecs: undefined })],
  ["a codec that is null", described({ codecs: [null] })],
  ["codecs that are no list", described({ codecs: { length: 1, 0: null } })],
  ["an extension that is null", described({ extensions: [null] })],
  ["a hidden role", described({ dtls: "active" })],

  ["no nonce", { type: "reveal" }],
  ["a number for a nonce", { type: "reveal", nonce: 5 }],
  ["a list for a nonce", { type: "reveal", nonce: ["5e".repeat(32)] }],
  ["a short nonce", { type: "reveal", nonce: "5e".repeat(31) }],
  ["a long nonce", { type: "reveal", nonce: "5e".repeat(33) }],
  ["capitals in a nonce", { type: "reveal", nonce: "5E".repeat(32) }],
  ["a line break after a nonce", { type: "reveal", nonce: `${"5e".repeat(32)}\n` }],

  ["no epoch", { type: "candidates", candidates: [] }],
  ["a text for epoch", { type: "candidates", epoch: "0", candidates: [] }],
  ["an epoch beyond its type", { type: "candidates", epoch: 65_536, candidates: [] }],
  ["no candidates", { type: "candidates", epoch: 0 }],
  ["an object for candidates", { type: "candidates", epoch: 0, candidates: { length: 0 } }],
  ["too many candidates", found(...Array<unknown>(CANDIDATES_MAX + 1).fill(CANDIDATE))],
  ["a candidate that is null", found(null)],
  ["a candidate that is a text", found("candidate:1 1 udp 1 192.0.2.2 50000 typ host")],
  ["a candidate among good ones", found(CANDIDATE, { ...CANDIDATE, port: 22 })],
  ["loopback", found({ ...CANDIDATE, address: "127.0.0.1" })],
  ["loopback in disguise", found({ ...CANDIDATE, address: "::ffff:127.0.0.1" })],
  ["a name", found({ ...CANDIDATE, address: "example.org" })],
  ["a list for an address", found({ ...CANDIDATE, address: ["192.0.2.2"] })],
  ["a line break in foundation", found({ ...CANDIDATE, foundation: `1${SMUGGLED}` })],
])("a hostile message is nothing: %s", (_, message) => {
  expect(readControl(JSON.stringify(message))).toBeNull();
});

test("no cut of a message and no change of one of its bytes makes reading fail", () => {
  for (const message of MESSAGES) {
    const text = writeControl(message);
    for (let at = 0; at < text.length; at += 1) {
      expect(readControl(text.slice(0, at))).toBeNull();
      for (const other of ['"', "0", "null", "[", "}", "\u0000"]) {
        const spoilt = readControl(text.slice(0, at) + other + text.slice(at + 1));
        // Whatever still reads is a message again.
        if (spoilt !== null) expect(readControl(writeControl(spoilt))).toEqual(spoilt);
      }
    }
  }
});

test("no spoilt message makes reading fail, and what is read is whole", () => {
  const random = seeded(20_261_123);
  let refused = 0;
  for (let round = 0; round < 4_000; round += 1) {
    const message = spoilt(MESSAGES[round % MESSAGES.length], random);
    const read = readControl(JSON.stringify(message));
    if (read === null) refused += 1;
    else expect(readControl(writeControl(read))).toEqual(read);
  }
  // Most of what is spoilt is so in a place that matters.
  expect(refused).toBeGreaterThan(2_000);
});

test("no text and no bytes at all make reading fail", () => {
  const random = seeded(5);
  const letters = '{}[]",:\\0123456789eE+-.truefalsnl typehang_upreveal\u0000\ud800€';
  for (let round = 0; round < 4_000; round += 1) {
    const length = Math.floor(random() * 60);
    const text = Array.from({ length }, () => letters[Math.floor(random() * letters.length)]);
    expect(readControl(text.join(""))).toBeNull();
  }
});

function described(change: object): unknown {
  return { type: "description", description: { ...DESCRIPTION, ...change } };
}

function found(...candidates: unknown[]): unknown {
  return { type: "candidates", epoch: 0, candidates };
}

/** *Hang up*, so many bytes long. */
function padded(bytes: number): string {
  const text = writeControl({ type: "hang_up" });
  return text + " ".repeat(bytes - text.length);
}
