import { expect, test } from "vitest";

import type { CallLog } from "../protocol/CallLog";
import type { CallRecord } from "../protocol/CallRecord";
import type { EndReason } from "../protocol/EndReason";

import { CallHistory } from "./call-log.svelte";

test("nothing is fetched before it is looked at, and only what was is fetched again", async () => {
  const { log, asked } = begin();
  log.reload();
  expect(asked).toEqual([]);
  await log.missed.load();
  log.reload();
  expect(asked).toEqual(["missed", "missed"]);
});

test("older calls follow those that are there", async () => {
  const { log, asked } = begin(
    { calls: [record("c", 3)], more: true },
    { calls: [record("a", 1)], more: false },
  );
  await log.all.load();
  await log.all.loadMore();
  expect(log.all.records.map(({ call }) => call)).toEqual(["c", "a"]);
  expect(asked).toEqual(["all", "all before c"]);
  await log.all.loadMore();
  expect(asked).toHaveLength(2);
});

test("a new call appears at once, and among the missed ones when it was missed", async () => {
  const { log } = begin();
  await log.all.load();
  await log.missed.load();
  log.message(entry(record("a", 1, null)));
  expect(shown(log)).toEqual({ all: ["a"], missed: [] });
  log.message(entry(record("a", 1, { reason: "no_answer" })));
  expect(shown(log)).toEqual({ all: ["a"], missed: ["a"] });
  log.message(entry({ ...record("b", 2, { reason: "no_answer" }), caller: "me", callee: "ada" }));
  expect(shown(log)).toEqual({ all: ["b", "a"], missed: ["a"] });
});

test("a missed call that turns out to have been talked leaves the missed ones", async () => {
  const { log } = begin();
  await log.all.load();
  await log.missed.load();
  log.message(entry(record("a", 1, { reason: "cancelled" })));
  log.message(entry(record("a", 1, { reason: "hung_up", by: "ada" })));
  expect(shown(log)).toEqual({ all: ["a"], missed: [] });
});

test("a page that does not come is told and can be asked for again", async () => {
  const log = new CallHistory("me", () => Promise.reject(new Error("offline")));
  await log.all.load();
  expect(log.all.phase).toBe("failed");
});

function begin(...pages: CallLog[]): { log: CallHistory; asked: string[] } {
  const asked: string[] = [];
  const log = new CallHistory("me", (missed, before) => {
    asked.push(`${missed ? "missed" : "all"}${before === null ? "" : ` before ${before}`}`);
    return Promise.resolve(pages.shift() ?? { calls: [], more: false });
  });
  return { log, asked };
}

function shown(log: CallHistory): { all: string[]; missed: string[] } {
  const calls = ({ call }: CallRecord): string => call;
  return { all: log.all.records.map(calls), missed: log.missed.records.map(calls) };
}

function record(
  call: string,
  started_at: number,
  reason: EndReason | null = { reason: "no_answer" },
): CallRecord {
  const end = reason === null ? null : { ...reason, ended_at: started_at, talked: null };
  return { call, conversation: "c", caller: "ada", callee: "me", started_at, end };
}

function entry(call: CallRecord): Parameters<CallHistory["message"]>[0] {
  return {
    id: call.call,
    conversation: call.conversation,
    seq: 1,
    author: call.caller,
    sent_at: call.started_at,
    body: { kind: "call", record: call },
  };
}
