import { expect, test } from "vitest";

import type { EndReason } from "../../protocol/EndReason";
import type { Message } from "../../protocol/Message";
import type { Unsent } from "../../state/outbox.svelte";

import { entriesOf, type Entry } from "./entries";

const NOON = new Date(2026, 10, 22, 12).getTime();
const DAY = 24 * 3_600_000;

test("each day begins with its name, once", () => {
  const entries = of([at(1, NOON - DAY), at(2, NOON - DAY + 1), at(3, NOON)]);
  expect(shape(entries)).toEqual(["Yesterday", "1", "2", "Today", "3"]);
});

test("messages of one person close together are one group, others begin a new one", () => {
  const entries = of([
    at(1, NOON),
    at(2, NOON + 60_000),
    at(3, NOON + 120_000, "me"),
    at(4, NOON + 10 * 60_000, "me"),
  ]);
  expect(entries.flatMap((entry) => ("starts" in entry ? [entry.starts] : []))).toEqual([
    true,
    false,
    true,
    true,
  ]);
});

test("the line above what is new stands before the other's first unread message", () => {
  const entries = of([at(1, NOON), at(2, NOON, "me"), at(3, NOON), at(4, NOON)], {
    unreadAfter: 1,
  });
  expect(shape(entries)).toEqual(["Today", "1", "2", "new", "3", "4"]);
});

test("what is not stored stands last, and only once it is stored as a message", () => {
  const waiting = unsent("message-2", NOON);
  expect(shape(of([at(1, NOON)], { unsent: [waiting] }))).toEqual(["Today", "1", "waiting"]);
  expect(shape(of([at(1, NOON), at(2, NOON, "me")], { unsent: [waiting] }))).toEqual([
    "Today",
    "1",
    "2",
  ]);
});

test("missed calls with nothing between them are one entry, which keeps its key", () => {
  const first = [at(1, NOON), missed(2, NOON), missed(3, NOON + 60_000)];
  expect(shape(of(first))).toEqual(["Today", "1", "call 2 + call 3"]);
  const more = of([...first, missed(4, NOON + 120_000)]);
  expect(shape(more)).toEqual(["Today", "1", "call 2 + call 3 + call 4"]);
  expect(more.at(-1)?.key).toBe(of(first).at(-1)?.key);
});

test("a message, a day, an answer or an hour between keeps missed calls apart", () => {
  const apart = (...messages: Message[]): string[] => shape(of(messages)).slice(1);
  expect(apart(missed(1, NOON), at(2, NOON), missed(3, NOON))).toEqual(["call 1", "2", "call 3"]);
  const midnight = new Date(2026, 10, 22).getTime();
  expect(apart(missed(1, midnight - 1), missed(2, midnight))).toEqual([
    "call 1",
    "Today",
    "call 2",
  ]);
  const talked: EndReason = { reason: "hung_up", by: "me" };
  expect(apart(missed(1, NOON), missed(2, NOON, talked))).toEqual(["call 1", "call 2"]);
  expect(apart(missed(1, NOON), missed(2, NOON + 3_600_001))).toEqual(["call 1", "call 2"]);
});

test("the line above what is new goes through missed calls", () => {
  const entries = of([missed(1, NOON), missed(2, NOON), missed(3, NOON)], { unreadAfter: 1 });
  expect(shape(entries)).toEqual(["Today", "call 1", "new", "call 2 + call 3"]);
});

test("a message keeps its key when it is stored, so that it is not drawn anew", () => {
  const before = of([], { unsent: [unsent("message-1", NOON)] });
  const after = of([at(1, NOON, "me")]);
  expect(before.at(-1)?.key).toBe(after.at(-1)?.key);
});

function of(
  messages: Message[],
  {
    unsent: waiting = [],
    unreadAfter = null,
  }: { unsent?: Unsent[]; unreadAfter?: number | null } = {},
): Entry[] {
  return entriesOf({ messages, unsent: waiting, me: "me", now: NOON, unreadAfter });
}

function shape(entries: Entry[]): string[] {
  return entries.map((entry) => {
    switch (entry.is) {
      case "day":
        return entry.label;
      case "unread":
        return "new";
      case "unsent":
        return "waiting";
      case "calls":
        return entry.records.map(({ call }) => `call ${call}`).join(" + ");
      case "message":
        return String(entry.message.seq);
    }
  });
}

function at(seq: number, sent_at: number, author = "ben"): Message {
  return {
    id: `message-${seq}`,
    conversation: "c",
    seq,
    author,
    sent_at,
    body: { kind: "text", text: "…" },
  };
}

function missed(
  seq: number,
  started_at: number,
  reason: EndReason = { reason: "no_answer" },
): Message {
  const end = { ...reason, ended_at: started_at, talked: null };
  const record = {
    call: String(seq),
    conversation: "c",
    caller: "ben",
    callee: "me",
    started_at,
    end,
  };
  return { ...at(seq, started_at), body: { kind: "call", record } };
}

function unsent(id: string, written_at: number): Unsent {
  return { id, conversation: "c", text: "…", written_at, refused: null };
}
