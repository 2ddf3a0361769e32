import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { TestLine } from "./testing";
import { Typing } from "./typing.svelte";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("the other person stops typing after 6 s of silence or with their message", () => {
  const typing = new Typing(new TestLine());
  typing.frame({ type: "typing", conversation: "a", active: true });
  vi.advanceTimersByTime(5_999);
  expect(typing.in("a")).toBe(true);
  vi.advanceTimersByTime(1);
  expect(typing.in("a")).toBe(false);
  typing.frame({ type: "typing", conversation: "a", active: true });
  typing.frame({
    type: "message",
    message: {
      id: "m",
      conversation: "a",
      seq: 1,
      author: "ben",
      sent_at: 1,
      body: { kind: "text", text: "done" },
    },
  });
  expect(typing.in("a")).toBe(false);
});

test("typing is told every 4 s, its end once, and a sent message ends it without a word", () => {
  const line = new TestLine();
  const typing = new Typing(line);
  typing.typed("a", "h", 0);
  typing.typed("a", "he", 3_999);
  expect(line.asked).toHaveLength(1);
  typing.typed("a", "hel", 4_000);
  expect(line.asked).toHaveLength(2);
  typing.typed("a", "", 4_100);
  typing.stopped("a");
  expect(line.asked.map(({ body }) => body.type === "typing" && body.active)).toEqual([
    true,
    true,
    false,
  ]);
  typing.typed("a", "again", 5_000);
  typing.sent("a");
  typing.stopped("a");
  expect(line.asked).toHaveLength(4);
});

test("nothing is told about typing while the line is down", () => {
  const line = new TestLine();
  line.open = false;
  new Typing(line).typed("a", "hello");
  expect(line.asked).toEqual([]);
});
