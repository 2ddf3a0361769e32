import { expect, test } from "vitest";

import type { CallRecord } from "../../protocol/CallRecord";
import type { Ended } from "../../protocol/Ended";
import type { EndReason } from "../../protocol/EndReason";

import { avatarColour, initials } from "./avatar";
import { countCharacters } from "./characters";
import { isoDuration, runningTime, spokenDuration } from "./duration";
import type { Words } from "./endings";
import { callEntryWords, endedWords, microphoneWords, missedWords } from "./endings";
import { factorWords } from "./factors";
import { dayLabel, daysBetween, listTime, presenceWords, untilWords } from "./times";

const REASONS: EndReason[] = [
  { reason: "hung_up", by: "ben" },
  { reason: "declined" },
  { reason: "cancelled" },
  { reason: "busy" },
  { reason: "no_answer" },
  { reason: "unreachable" },
  { reason: "failed", cause: "no_microphone" },
  { reason: "failed", cause: "permission_denied" },
  { reason: "failed", cause: "no_path" },
  { reason: "failed", cause: "peer_gone" },
  { reason: "failed", cause: "timeout" },
  { reason: "failed", cause: "protocol" },
  { reason: "lost" },
  { reason: "replaced" },
];

test("a running time has hours only when there are any", () => {
  expect([0, 7_999, 60_000, 3_599_999, 3_723_000].map(runningTime)).toEqual([
    "00:00",
    "00:07",
    "01:00",
    "59:59",
    "1:02:03",
  ]);
});

test("a duration in words leaves out what is nothing", () => {
  expect([0, 7_000, 60_000, 754_000, 3_600_000, 3_725_000].map(spokenDuration)).toEqual([
    "0 s",
    "7 s",
    "1 min",
    "12 min 34 s",
    "1 h",
    "1 h 2 min",
  ]);
  expect(isoDuration(3_723_000)).toBe("PT1H2M3S");
});

test("days are counted by the calendar, not by 24 hours", () => {
  const lateYesterday = new Date(2026, 10, 21, 23, 59).getTime();
  const earlyToday = new Date(2026, 10, 22, 0, 1).getTime();
  expect(daysBetween(lateYesterday, earlyToday)).toBe(1);
  expect(daysBetween(earlyToday, new Date(2026, 10, 22, 23, 59).getTime())).toBe(0);
});

test("days have the names that people give them", () => {
  const now = new Date(2026, 10, 22, 13, 0).getTime();
  const label = (...day: [number, number, number]): string =>
    dayLabel(new Date(...day, 12).getTime(), now);
  expect(label(2026, 10, 22)).toBe("Today");
  expect(label(2026, 10, 21)).toBe("Yesterday");
  expect(label(2026, 10, 18)).toBe("Wednesday");
  expect(label(2026, 2, 3)).toMatch(/^Tuesday,? 3 March$/);
  expect(label(2024, 2, 3)).toBe("3 March 2024");
});

test("a list shows the time of today and the day of anything older", () => {
  const now = new Date(2026, 10, 22, 13, 0).getTime();
  expect(listTime(new Date(2026, 10, 22, 9, 5).getTime(), now)).toMatch(/9:05/);
  expect(listTime(new Date(2026, 10, 21, 9, 5).getTime(), now)).toBe("Yesterday");
  expect(listTime(new Date(2024, 2, 3).getTime(), now)).toBe("3 Mar 2024");
});

test("an end later today is a time, a later one has its day", () => {
  const now = new Date(2026, 10, 22, 23, 30).getTime();
  const until = (...time: [number, number, number, number]): string =>
    untilWords(new Date(...time).getTime(), now);
  expect(until(2026, 10, 22, 23)).toMatch(/^11:00 pm$|^23:00$/);
  expect(until(2026, 10, 23, 8)).toMatch(/^tomorrow at 0?8:00/);
  expect(until(2026, 10, 25, 8)).toMatch(/^Wednesday,? 25 November at 0?8:00/);
});

test("missed calls that belong together are counted with who called", () => {
  expect(missedWords(5, "Ada")).toBe("5 missed calls from Ada");
});

test("presence is told with its age", () => {
  const now = new Date(2026, 10, 22, 13, 0).getTime();
  const seen = (ago: number): string =>
    presenceWords({ state: "offline", last_seen: now - ago }, now);
  expect(seen(20_000)).toBe("Last seen just now");
  expect(seen(300_000)).toBe("Last seen 5 min ago");
  expect(seen(2 * 3_600_000)).toMatch(/^Last seen today at /);
  expect(seen(24 * 3_600_000)).toMatch(/^Last seen yesterday at /);
  expect(presenceWords({ state: "offline", last_seen: null }, now)).toBe("Offline");
  expect(presenceWords({ state: "in_call" }, now)).toBe("In a call");
});

test("every end of a call has words for both sides, and none shows a code", () => {
  for (const end of REASONS) {
    for (const outgoing of [true, false]) {
      for (const talked of [true, false]) {
        const { title, detail } = endedWords({ why: "call", end }, outgoing, talked, "Ben", "me");
        expect(`${title} ${detail ?? ""}`).not.toMatch(/_|undefined|null/);
        expect(title.length).toBeGreaterThan(5);
      }
    }
  }
});

test("the words of an end depend on who is told", () => {
  const title = (end: EndReason, outgoing: boolean, talked = false): string =>
    endedWords({ why: "call", end }, outgoing, talked, "Ben", "me").title;
  expect(title({ reason: "declined" }, true)).toBe("Ben declined the call");
  expect(title({ reason: "declined" }, false)).toBe("Call rejected");
  expect(title({ reason: "cancelled" }, true)).toBe("Call cancelled");
  expect(title({ reason: "cancelled" }, false)).toBe("Missed call");
  const failed: EndReason = { reason: "failed", cause: "protocol" };
  expect(title(failed, true)).toBe("The call could not be connected");
  expect(title(failed, true, true)).toBe("The call broke off");
  expect(
    endedWords({ why: "call", end: { reason: "hung_up", by: "me" } }, true, true, "Ben", "me"),
  ).toEqual({ title: "Call ended", detail: null });
});

test("other endings say what happened and where", () => {
  const words = (why: Ended): Words => endedWords(why, false, false, "Ben", "me");
  const title = (why: Ended): string => words(why).title;
  const detail = (why: Ended): string | null => words(why).detail;
  expect(title({ why: "answered_elsewhere", device: "Firefox on Linux" })).toBe(
    "Answered on Firefox on Linux",
  );
  expect(title({ why: "answered_elsewhere", device: null })).toBe("Answered in another tab");
  expect(title({ why: "moved", device: "Laptop" })).toBe("The call goes on on Laptop");
  expect(title({ why: "moved", device: null })).toBe("The call goes on in another tab");
  expect(detail({ why: "refused", code: "rate_limited", message: "Too often." })).toBe(
    "Too often.",
  );
  expect(detail({ why: "offline" })).toContain("network");
});

test("each microphone failure says what to do", () => {
  const details = (["denied", "missing", "busy", "insecure_page"] as const).map(
    (fault) => microphoneWords(fault).detail,
  );
  expect(new Set(details).size).toBe(4);
  for (const detail of details) expect(detail).toMatch(/Allow|Plug|Close|Ask/);
});

test("an entry of a call tells result, duration and whether it was missed", () => {
  const entry = (change: Partial<CallRecord>): ReturnType<typeof callEntryWords> =>
    callEntryWords({ ...RECORD, ...change }, "me");
  expect(entry({ end: null }).tone).toBe("ongoing");
  expect(entry({ end: { reason: "no_answer", ended_at: 1, talked: null } })).toEqual({
    tone: "missed",
    result: "Missed call",
    duration: null,
  });
  expect(entry({ end: { reason: "hung_up", by: "me", ended_at: 1, talked: 754_000 } })).toEqual({
    tone: "talked",
    result: "Voice call",
    duration: "12 min 34 s",
  });
  const unanswered = { reason: "no_answer", ended_at: 1, talked: null } as const;
  expect(entry({ caller: "me", callee: "ben", end: unanswered }).result).toBe("Call not answered");
});

test("initials are one or two letters of any language", () => {
  expect(initials("Ada Lovelace")).toBe("AL");
  expect(initials("ada")).toBe("A");
  expect(initials("Jean-Luc de la Mer")).toBe("JM");
  expect(initials("  “Zoë” (李)  ")).toBe("Z李");
  expect(initials("费菲")).toBe("费");
  expect(initials("👩‍🚀")).toBe("👩‍🚀");
});

test("an avatar keeps its colour, and people do not all have the same", () => {
  const ids = Array.from({ length: 40 }, (_, i) => `0198c0de-0000-7000-8000-0000000000${i + 10}`);
  expect(avatarColour(ids[0] ?? "")).toBe(avatarColour(ids[0] ?? ""));
  expect(new Set(ids.map(avatarColour)).size).toBe(8);
});

test("characters are counted as the server counts them", () => {
  expect(countCharacters("")).toBe(0);
  expect(countCharacters("añ😀")).toBe(3);
});

const RECORD: CallRecord = {
  call: "call",
  conversation: "c",
  caller: "ben",
  callee: "me",
  started_at: 0,
  end: null,
};

test.each([
  [false, 0, null],
  [true, 0, "an authenticator app"],
  [false, 1, "one passkey"],
  [true, 2, "an authenticator app and 2 passkeys"],
])("what is left after a reset: app %s, %i passkeys", (authenticator_app, passkeys, words) => {
  expect(factorWords({ authenticator_app, passkeys })).toBe(words);
});
