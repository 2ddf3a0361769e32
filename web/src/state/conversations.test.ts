import { expect, test } from "vitest";

import type { PushFrame } from "../net/line";
import type { Conversation } from "../protocol/Conversation";
import type { EndReason } from "../protocol/EndReason";
import type { Message } from "../protocol/Message";
import type { Welcome } from "../protocol/Welcome";

import { Conversations } from "./conversations.svelte";
import { TestLine } from "./testing";

test("the list is in the order of the newest messages and leaves out the unwritten", () => {
  const unwritten = { ...conversation("c", 0), contact: "none" } as const;
  const { all } = begin(conversation("a", 1), conversation("b", 3), unwritten);
  expect(all.list.map(({ id }) => id)).toEqual(["b", "a"]);
  all.message(text("a", 2, "ben"));
  expect(all.list.map(({ id }) => id)).toEqual(["b", "a"]);
  all.message(text("a", 9, "ben"));
  expect(all.list.map(({ id }) => id)).toEqual(["a", "b"]);
});

test("a contact to whom nobody has written yet, such as by an invite, comes first", () => {
  const { all } = begin(conversation("a", 1), conversation("b", 0));
  expect(all.list.map(({ id }) => id)).toEqual(["b", "a"]);
  all.message(text("b", 1, "ben"));
  all.message(text("a", 2, "ben"));
  expect(all.list.map(({ id }) => id)).toEqual(["a", "b"]);
});

test("the other's messages count as unread, one's own say that the rest was read", () => {
  const { all } = begin(conversation("a", 1));
  all.message(text("a", 2, "ben"));
  all.message(text("a", 3, "ben"));
  all.message(text("a", 3, "ben"));
  expect(all.get("a")?.unread).toBe(2);
  expect(all.unread).toBe(2);
  all.message(text("a", 4, "me"));
  expect(all.get("a")).toMatchObject({ unread: 0, read_seq: 4, last_seq: 4 });
});

test("a call counts once it turns out to be missed, and only for who was called", () => {
  const { all } = begin(conversation("a", 1));
  all.message(call("a", 2, "ben", null));
  expect(all.get("a")?.unread).toBe(0);
  all.message(call("a", 2, "ben", { reason: "no_answer" }));
  all.message(call("a", 2, "ben", { reason: "no_answer" }));
  expect(all.get("a")?.unread).toBe(1);
  all.message(call("a", 3, "me", { reason: "no_answer" }));
  all.message(call("a", 4, "ben", { reason: "declined" }));
  expect(all.get("a")?.unread).toBe(1);
});

test("a blocked person's messages are not in the sum", () => {
  const { all } = begin({ ...conversation("a", 2), unread: 2, contact: "blocked" });
  expect(all.unread).toBe(0);
});

test("what was read here stays read when the server tells of a time before", () => {
  const { all } = begin({ ...conversation("a", 2), read_seq: 1, unread: 1 });
  all.markRead("a");
  all.put({ ...conversation("a", 2), read_seq: 1, unread: 1, missed: 1 });
  expect(all.get("a")).toMatchObject({ read_seq: 2, unread: 0, missed: 0 });
  all.put({ ...conversation("a", 3), read_seq: 2, unread: 1 });
  expect(all.get("a")).toMatchObject({ read_seq: 2, unread: 1 });
});

test("reading is told once for each newest message, and again after the line was down", () => {
  const { all, line, snapshot } = begin({ ...conversation("a", 2), read_seq: 1, unread: 1 });
  all.markRead("a");
  all.markRead("a");
  expect(line.asked.map(({ body }) => body)).toEqual([
    { type: "mark_read", conversation: "a", seq: 2 },
  ]);
  expect(all.get("a")).toMatchObject({ unread: 0, read_seq: 2 });
  all.welcome(snapshot);
  all.markRead("a");
  expect(line.asked).toHaveLength(2);
});

test("another device's reading and the other person's are kept apart", () => {
  const { all } = begin({ ...conversation("a", 5), read_seq: 1, unread: 4, peer_read_seq: 0 });
  all.frame({ type: "read", conversation: "a", user: "ben", seq: 4, unread: 4, missed: 0 });
  expect(all.get("a")).toMatchObject({ read_seq: 1, unread: 4, peer_read_seq: 4 });
  all.frame({ type: "read", conversation: "a", user: "me", seq: 3, unread: 2, missed: 1 });
  expect(all.get("a")).toMatchObject({ read_seq: 3, unread: 2, missed: 1, peer_read_seq: 4 });
});

test("missed calls are counted by themselves until the conversation is read", () => {
  const { all } = begin(conversation("a", 1));
  all.message(text("a", 2, "ben"));
  all.message(call("a", 3, "ben", null));
  expect(all.missed).toBe(0);
  all.message(call("a", 3, "ben", { reason: "no_answer" }));
  all.message(call("a", 4, "ben", { reason: "cancelled" }));
  expect(all.get("a")).toMatchObject({ unread: 3, missed: 2 });
  expect(all.missed).toBe(2);
  all.markRead("a");
  expect(all.missed).toBe(0);
});

test("a missed call that turns out to have been talked is missed no more", () => {
  const { all } = begin(conversation("a", 1));
  all.message(call("a", 2, "ben", { reason: "no_answer" }));
  all.message(call("a", 2, "ben", { reason: "hung_up", by: "ben" }));
  expect(all.get("a")).toMatchObject({ unread: 0, missed: 0 });
});

test("looking at the call log clears what was missed, once, and leaves what is unread", () => {
  const { all, line } = begin({ ...conversation("a", 3), read_seq: 1, unread: 2, missed: 2 });
  all.markCallsSeen();
  all.markCallsSeen();
  expect(line.types).toEqual(["mark_calls_seen"]);
  expect(all.get("a")).toMatchObject({ unread: 2, missed: 0 });
  all.message(call("a", 4, "ben", { reason: "no_answer" }));
  all.markCallsSeen();
  expect(line.types).toHaveLength(2);
});

test("a blocked person's missed calls are not in the sum", () => {
  const { all } = begin({ ...conversation("a", 2), missed: 2, contact: "blocked" });
  expect(all.missed).toBe(0);
});

test("presence goes to the conversation with that person", () => {
  const { all } = begin(conversation("a", 1), {
    ...conversation("b", 1),
    person: { id: "cleo", username: "cleo", display_name: "Cleo" },
  });
  const frame: PushFrame = { type: "presence", user: "cleo", presence: { state: "in_call" } };
  all.frame(frame);
  expect(all.get("a")?.presence).toBeNull();
  expect(all.get("b")?.presence).toEqual({ state: "in_call" });
});

test("a snapshot takes away what it does not name, but not what nobody has written in yet", () => {
  const { all, snapshot } = begin(conversation("a", 1), conversation("b", 1));
  all.put(conversation("new", 0));
  all.welcome({ ...snapshot, conversations: [conversation("b", 1)] });
  expect(all.get("a")).toBeUndefined();
  expect(all.get("new")).toBeDefined();
});

function begin(...conversations: Conversation[]): {
  all: Conversations;
  line: TestLine;
  snapshot: Welcome;
} {
  const line = new TestLine();
  const all = new Conversations("me", line, () => () => Promise.reject(new Error("not asked")));
  const snapshot = { conversations } as Welcome;
  all.welcome(snapshot);
  return { all, line, snapshot };
}

function conversation(id: string, last_seq: number): Conversation {
  return {
    id,
    person: { id: "ben", username: "ben", display_name: "Ben" },
    contact: "accepted",
    last_seq,
    read_seq: last_seq,
    peer_read_seq: 0,
    unread: 0,
    missed: 0,
    muted: false,
    hides_address: false,
    last_message: last_seq > 0 ? text(id, last_seq, "ben") : null,
    presence: null,
  };
}

function text(conversation: string, seq: number, author: string): Message {
  return {
    id: `${conversation}-${seq}`,
    conversation,
    seq,
    author,
    sent_at: seq,
    body: { kind: "text", text: "…" },
  };
}

function call(
  conversation: string,
  seq: number,
  caller: string,
  reason: EndReason | null,
): Message {
  return {
    ...text(conversation, seq, caller),
    body: {
      kind: "call",
      record: {
        call: `${conversation}-${seq}`,
        conversation,
        caller,
        callee: caller === "me" ? "ben" : "me",
        started_at: seq,
        end: reason === null ? null : { ...reason, ended_at: seq, talked: null },
      },
    },
  };
}
