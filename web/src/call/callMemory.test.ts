import { expect, test } from "vitest";

import { CallMemory } from "./callMemory";

test("what was muted or ended is known to the next page, until it is taken back or told", () => {
  const { page } = device();
  page().mute("one", true);
  page().ending("two");
  expect(page().wasMuted("one")).toBe(true);
  expect(page().wasEnded("one")).toBe(false);
  expect(page().wasEnded("two")).toBe(true);
  page().mute("one", false);
  page().told("two");
  expect(page().wasMuted("one")).toBe(false);
  expect(page().wasEnded("two")).toBe(false);
});

test("accounts do not know each other's calls", () => {
  const { page } = device();
  page("ada").mute("one", true);
  expect(page("ben").wasMuted("one")).toBe(false);
});

test("what is older than any call without devices is forgotten", () => {
  const { page, passes } = device();
  page().ending("one");
  passes(5 * 60_000 + 1);
  expect(page().wasEnded("one")).toBe(false);
  page().mute("two", true);
  expect(page().wasMuted("two")).toBe(true);
});

test.each(["", "{", "null", '{"call":"one"}', '[null,1,{"call":"one","what":"danced","at":0}]'])(
  "what somebody else wrote there is passed over: %s",
  (text) => {
    const { page, write } = device();
    write("ahoy.calls.ada", text);
    expect(page().wasMuted("one")).toBe(false);
    page().mute("one", true);
    expect(page().wasMuted("one")).toBe(true);
  },
);

function device(): {
  page: (account?: string) => CallMemory;
  passes: (milliseconds: number) => void;
  write: (key: string, text: string) => void;
} {
  const kept = new Map<string, string>();
  let now = 1_000_000;
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, text: string) => void kept.set(key, text),
  };
  return {
    page: (account = "ada") => new CallMemory(account, storage, () => now),
    passes: (milliseconds) => (now += milliseconds),
    write: (key, text) => void kept.set(key, text),
  };
}
