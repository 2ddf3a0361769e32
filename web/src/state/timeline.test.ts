import { expect, test } from "vitest";

import type { HistoryRange } from "../net/api";
import type { History } from "../protocol/History";
import type { Message } from "../protocol/Message";

import { Timeline } from "./timeline.svelte";

test("the newest page is loaded, and older pages follow on request until there are none", async () => {
  const { timeline, asked } = over(120);
  await timeline.load();
  expect(seqs(timeline)).toEqual(range(71, 120));
  await timeline.loadOlder();
  await timeline.loadOlder();
  expect(seqs(timeline)).toEqual(range(1, 120));
  expect(timeline.older).toBe("none");
  await timeline.loadOlder();
  expect(asked).toEqual(["newest", { before: 71 }, { before: 21 }]);
});

test("a message that follows is appended without asking the server", async () => {
  const { timeline, asked } = over(3);
  await timeline.load();
  timeline.apply(message(4));
  expect(seqs(timeline)).toEqual([1, 2, 3, 4]);
  expect(asked).toEqual(["newest"]);
});

test("a gap is fetched before what comes after it is shown", async () => {
  const { timeline, grow, asked } = over(3);
  await timeline.load();
  grow(6);
  timeline.apply(message(6));
  expect(seqs(timeline)).toEqual([1, 2, 3]);
  await settled();
  expect(seqs(timeline)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(asked).toEqual(["newest", { after: 3 }]);
});

test("messages that overtake each other end up in order", async () => {
  const { timeline, grow } = over(1);
  await timeline.load();
  grow(4);
  timeline.apply(message(3));
  timeline.apply(message(2));
  timeline.apply(message(4));
  await settled();
  expect(seqs(timeline)).toEqual([1, 2, 3, 4]);
});

test("the same message twice is one message", async () => {
  const { timeline } = over(2);
  await timeline.load();
  timeline.apply(message(2));
  timeline.apply(message(3));
  timeline.apply(message(3));
  expect(seqs(timeline)).toEqual([1, 2, 3]);
});

test("what arrives while the first page loads is not lost", async () => {
  const { timeline, grow } = over(2);
  const loading = timeline.load();
  grow(3);
  timeline.apply(message(3));
  await loading;
  expect(seqs(timeline)).toEqual([1, 2, 3]);
});

test("a record of a call replaces its entry, but never one that ended by one that goes on", async () => {
  const { timeline } = over(2);
  await timeline.load();
  timeline.apply(call(3, "going on"));
  timeline.apply(call(3, "ended"));
  timeline.apply(call(3, "going on"));
  const entry = timeline.messages.at(-1)?.body;
  expect(entry?.kind === "call" && entry.record.end?.reason).toBe("declined");
});

test("after a break only what was missed is fetched", async () => {
  const { timeline, grow, asked } = over(10);
  await timeline.load();
  grow(75);
  await timeline.resume(75);
  expect(seqs(timeline)).toEqual(range(1, 75));
  expect(asked).toEqual(["newest", { after: 10 }, { after: 60 }]);
});

test("after a long absence the run starts anew at the newest page", async () => {
  const { timeline, grow, asked } = over(10);
  await timeline.load();
  grow(500);
  await timeline.resume(500);
  expect(seqs(timeline)).toEqual(range(451, 500));
  expect(timeline.older).toBe("more");
  expect(asked).toEqual(["newest", "newest"]);
});

test("a call that was going on when the line broke is looked up again", async () => {
  const { timeline, server, asked } = over(2);
  server.push(call(3, "going on"));
  await timeline.load();
  server[2] = call(3, "ended");
  await timeline.resume(3);
  const entry = timeline.messages[2]?.body;
  expect(entry?.kind === "call" && entry.record.end?.reason).toBe("declined");
  expect(asked.at(-1)).toEqual({ after: 2 });
});

test("a page that could not be loaded is told, and loaded when asked again", async () => {
  const { timeline, fail } = over(3);
  fail(1);
  await timeline.load();
  expect(timeline.phase).toBe("failed");
  await timeline.load();
  expect(timeline.phase).toBe("ready");
  expect(seqs(timeline)).toEqual([1, 2, 3]);
});

test("a server that has less than it announced is not asked for ever", async () => {
  const { timeline, asked } = over(3);
  await timeline.load();
  await timeline.resume(9);
  expect(asked).toEqual(["newest", { after: 3 }]);
});

/** A timeline over a server that has so many messages. */
function over(count: number): {
  timeline: Timeline;
  server: Message[];
  asked: HistoryRange[];
  grow: (count: number) => void;
  fail: (times: number) => void;
} {
  const server = range(1, count).map(message);
  const asked: HistoryRange[] = [];
  let failures = 0;
  const timeline = new Timeline((which, limit) => {
    if (failures > 0) {
      failures -= 1;
      return Promise.reject(new Error("no network"));
    }
    asked.push(which);
    return Promise.resolve(page(server, which, limit));
  });
  return {
    timeline,
    server,
    asked,
    grow: (to) => server.push(...range(server.length + 1, to).map(message)),
    fail: (times) => (failures = times),
  };
}

function page(server: readonly Message[], which: HistoryRange, limit: number): History {
  if (which !== "newest" && "after" in which) {
    const later = server.filter(({ seq }) => seq > which.after);
    return { messages: later.slice(0, limit), more: later.length > limit };
  }
  const before = which === "newest" ? Infinity : which.before;
  const earlier = server.filter(({ seq }) => seq < before);
  return { messages: earlier.slice(-limit), more: earlier.length > limit };
}

function message(seq: number): Message {
  return {
    id: `message-${seq}`,
    conversation: "c",
    seq,
    author: "ben",
    sent_at: seq,
    body: { kind: "text", text: `text ${seq}` },
  };
}

function call(seq: number, how: "going on" | "ended"): Message {
  return {
    ...message(seq),
    body: {
      kind: "call",
      record: {
        call: `message-${seq}`,
        conversation: "c",
        caller: "ben",
        callee: "me",
        started_at: seq,
        end: how === "ended" ? { reason: "declined", ended_at: seq, talked: null } : null,
      },
    },
  };
}

function seqs(timeline: Timeline): number[] {
  return timeline.messages.map(({ seq }) => seq);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** Lets every promise that is already fulfilled be heard. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
