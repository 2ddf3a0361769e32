import { expect, test } from "vitest";

import type { CallRecord } from "../protocol/CallRecord";
import type { EndReason } from "../protocol/EndReason";

import { groupMissed, isMissed, isMissedBy, MISSED_TOGETHER } from "./missed";

const MINUTE = 60_000;
const NO_ANSWER: EndReason = { reason: "no_answer" };

test("a call is missed where it ended before an answer and not by the callee", () => {
  const missed = (reason: EndReason | null): boolean => isMissed(record("a", 0, { reason }));
  expect(missed({ reason: "no_answer" })).toBe(true);
  expect(missed({ reason: "cancelled" })).toBe(true);
  expect(missed({ reason: "busy" })).toBe(true);
  expect(missed({ reason: "unreachable" })).toBe(true);
  expect(missed({ reason: "declined" })).toBe(false);
  expect(missed({ reason: "hung_up", by: "ada" })).toBe(false);
  expect(missed(null)).toBe(false);
  expect(isMissedBy("me", record("a", 0))).toBe(true);
  expect(isMissedBy("ada", record("a", 0))).toBe(false);
});

test("missed calls of one person within an hour of each other are one entry", () => {
  const calls = [0, 5, 55, 100].map((minutes) => record(`${minutes}`, minutes * MINUTE));
  expect(shape(groupMissed("me", calls))).toEqual([["0", "5", "55", "100"]]);
  expect(shape(groupMissed("me", calls.toReversed()))).toEqual([["100", "55", "5", "0"]]);
});

test("an hour and a bit keeps missed calls apart", () => {
  const apart = [record("a", 0), record("b", MISSED_TOGETHER + 1)];
  expect(shape(groupMissed("me", apart))).toEqual([["a"], ["b"]]);
});

test("anything between keeps missed calls apart: another person, another end, one's own call", () => {
  const between = [
    record("cleo", 1, { caller: "cleo" }),
    record("talked", 1, { reason: { reason: "hung_up", by: "me" } }),
    record("mine", 1, { caller: "me", callee: "ada" }),
    record("ringing", 1, { reason: null }),
  ];
  for (const other of between) {
    const groups = groupMissed("me", [record("a", 0), other, record("b", 2)]);
    expect(shape(groups)).toEqual([["a"], [other.call], ["b"]]);
  }
});

test("calls that the other person missed are never put together", () => {
  const mine = { caller: "me", callee: "ada" };
  const groups = groupMissed("me", [record("a", 0, mine), record("b", 1, mine)]);
  expect(shape(groups)).toEqual([["a"], ["b"]]);
});

test("no calls, no entries", () => {
  expect(groupMissed("me", [])).toEqual([]);
});

function shape(groups: CallRecord[][]): string[][] {
  return groups.map((group) => group.map(({ call }) => call));
}

function record(
  call: string,
  started_at: number,
  {
    caller = "ada",
    callee = "me",
    reason = NO_ANSWER,
  }: { caller?: string; callee?: string; reason?: EndReason | null } = {},
): CallRecord {
  const end = reason === null ? null : { ...reason, ended_at: started_at, talked: null };
  return { call, conversation: "c", caller, callee, started_at, end };
}
