import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Disconnected, RequestRefused } from "../net/line";
import type { Message } from "../protocol/Message";

import { Outbox, type Unsent } from "./outbox.svelte";
import { testStorage } from "./testing";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("messages of a conversation go out one after the other, in the order of writing", async () => {
  const { outbox, sent, stored } = begin();
  outbox.write("c", "one");
  outbox.write("c", "two");
  expect(sent.map(({ unsent }) => unsent.text)).toEqual(["one"]);
  await store(sent[0]);
  expect(sent.map(({ unsent }) => unsent.text)).toEqual(["one", "two"]);
  await store(sent[1]);
  expect(stored).toEqual(["one", "two"]);
  expect(outbox.entries).toEqual([]);
});

test("conversations do not wait for each other", () => {
  const { outbox, sent } = begin();
  outbox.write("a", "to a");
  outbox.write("b", "to b");
  expect(sent.map(({ unsent }) => unsent.text)).toEqual(["to a", "to b"]);
});

test("what was not sent survives a reload under the same id", () => {
  const storage = testStorage();
  const before = begin(storage);
  before.outbox.write("c", "one");
  vi.advanceTimersByTime(1);
  before.outbox.write("c", "two");
  const after = begin(storage);
  expect(after.outbox.entries).toEqual(before.outbox.entries);
  after.outbox.flush();
  expect(after.sent[0]?.unsent.id).toBe(before.sent[0]?.unsent.id);
});

test("what was sent does not come back after a reload", async () => {
  const storage = testStorage();
  const { outbox, sent } = begin(storage);
  outbox.write("c", "one");
  await store(sent[0]);
  expect(begin(storage).outbox.entries).toEqual([]);
});

test("one account never sees another's", () => {
  const storage = testStorage();
  begin(storage, "ada").outbox.write("c", "secret");
  expect(begin(storage, "ben").outbox.entries).toEqual([]);
});

test("a refused message says why, and the next one goes out", async () => {
  const { outbox, sent } = begin();
  outbox.write("c", "one");
  outbox.write("c", "two");
  await refuse(sent[0], new RequestRefused("not_accepted", "Wait until Ben accepts."));
  expect(outbox.entries.map(({ refused }) => refused)).toEqual(["Wait until Ben accepts.", null]);
  expect(sent[1]?.unsent.text).toBe("two");
});

test("a refused message can be tried again or discarded", async () => {
  const { outbox, sent } = begin();
  outbox.write("c", "one");
  await refuse(sent[0], new RequestRefused("not_accepted", "No."));
  outbox.retry(outbox.entries[0]?.id ?? "");
  expect(outbox.entries[0]?.refused).toBeNull();
  expect(sent).toHaveLength(2);
  await refuse(sent[1], new RequestRefused("not_accepted", "No."));
  outbox.remove(outbox.entries[0]?.id ?? "");
  expect(outbox.entries).toEqual([]);
});

test("a server that asks for patience gets it", async () => {
  const { outbox, sent } = begin();
  outbox.write("c", "one");
  await refuse(sent[0], new RequestRefused("rate_limited", "Slowly.", 2_000));
  expect(outbox.entries[0]?.refused).toBeNull();
  await vi.advanceTimersByTimeAsync(1_999);
  expect(sent).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(sent).toHaveLength(2);
});

test("the end of the line leaves a message waiting", async () => {
  const { outbox, sent } = begin();
  outbox.write("c", "one");
  await refuse(sent[0], new Disconnected());
  expect(outbox.entries[0]?.refused).toBeNull();
  expect(sent).toHaveLength(1);
});

test("a message that another tab sent is no longer waited for", () => {
  const { outbox } = begin();
  outbox.write("c", "one");
  outbox.remove(outbox.entries[0]?.id ?? "");
  expect(outbox.entries).toEqual([]);
});

test("what stands in the storage and is no message is left out", () => {
  const storage = testStorage();
  storage.setItem("ahoy.outbox.me.a", "{");
  storage.setItem("ahoy.outbox.me.b", '{"text":1}');
  storage.setItem("ahoy.outbox.me.c", "null");
  expect(begin(storage).outbox.entries).toEqual([]);
});

test("signing out forgets everything that was not sent", () => {
  const storage = testStorage();
  const { outbox } = begin(storage);
  outbox.write("c", "one");
  outbox.clear();
  expect(begin(storage).outbox.entries).toEqual([]);
});

interface Sent {
  unsent: Unsent;
  resolve: (message: Message) => void;
  reject: (error: Error) => void;
}

function begin(
  storage = testStorage(),
  me = "me",
): { outbox: Outbox; sent: Sent[]; stored: string[] } {
  const sent: Sent[] = [];
  const stored: string[] = [];
  const outbox = new Outbox(
    me,
    storage,
    (unsent) => new Promise((resolve, reject) => sent.push({ unsent, resolve, reject })),
    ({ body }) => stored.push(body.kind === "text" ? body.text : ""),
  );
  return { outbox, sent, stored };
}

async function store(sent: Sent | undefined): Promise<void> {
  if (sent === undefined) throw new Error("nothing was sent");
  const { id, conversation, text } = sent.unsent;
  sent.resolve({
    id,
    conversation,
    seq: 1,
    author: "me",
    sent_at: 1,
    body: { kind: "text", text },
  });
  await vi.advanceTimersByTimeAsync(0);
}

async function refuse(sent: Sent | undefined, error: Error): Promise<void> {
  if (sent === undefined) throw new Error("nothing was sent");
  sent.reject(error);
  await vi.advanceTimersByTimeAsync(0);
}
