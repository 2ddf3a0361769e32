import { describe, expect, it } from "vitest";

import type { MicrophoneFinding, Place, ServerFinding } from "./findings";
import {
  judgeClock,
  judgeMicrophone,
  judgePage,
  judgeServer,
  judgeSocket,
  judgeSpeaker,
} from "./judgement";
import { fault, ok, skipped, summary, warning } from "./verdict";

const PLACE: Place = { host: "chat.example.org", stunPort: 3478, relay: "fallback" };
const ANSWERED: ServerFinding = { is: "answered", milliseconds: 20, clockAhead: 0 };
const MINUTE = 60_000;

describe("the page", () => {
  it.each([
    [{ secure: true, webrtc: true }, "ok", ""],
    [{ secure: false, webrtc: true }, "fault", "https://chat.example.org"],
    [{ secure: true, webrtc: false }, "fault", "Firefox"],
  ] as const)("%o is %s", (finding, level, remedy) => {
    const verdict = judgePage(finding, PLACE);
    expect(verdict.level).toBe(level);
    expect(verdict.remedy ?? "").toContain(remedy);
  });
});

describe("the microphone", () => {
  it.each<[MicrophoneFinding, string, string]>([
    [{ is: "open", name: "Headset", peak: 0.2 }, "ok", "Headset works"],
    [{ is: "open", name: "", peak: 0.2 }, "ok", "The microphone works"],
    [{ is: "open", name: "Headset", peak: null }, "ok", "Headset opens"],
    [{ is: "open", name: "Headset", peak: 0 }, "warning", "Headset gives no sound at all"],
    [{ is: "fault", fault: "denied" }, "fault", "The microphone is not allowed"],
    [{ is: "fault", fault: "missing" }, "fault", "No microphone was found"],
    [{ is: "fault", fault: "busy" }, "fault", "The microphone does not start"],
    [{ is: "fault", fault: "insecure_page" }, "skipped", "Not tested"],
  ])("%o is %s", (finding, level, title) => {
    const verdict = judgeMicrophone(finding);
    expect(verdict.level).toBe(level);
    expect(verdict.title).toContain(title);
  });
});

it("only the person knows whether the tone was heard", () => {
  expect(judgeSpeaker({ is: "played" }, null).level).toBe("asked");
  expect(judgeSpeaker({ is: "played" }, true).level).toBe("ok");
  expect(judgeSpeaker({ is: "played" }, false).remedy).toContain("volume");
  expect(judgeSpeaker({ is: "held_back" }, null).level).toBe("warning");
});

it.each<[ServerFinding, string, string]>([
  [ANSWERED, "ok", "20 ms"],
  [{ ...ANSWERED, milliseconds: 2_500 }, "warning", "2500 ms"],
  [{ is: "error", status: 502 }, "fault", "HTTP 502"],
  [{ is: "silent" }, "fault", "chat.example.org does not answer"],
])("the server: %o is %s", (finding, level, title) => {
  const verdict = judgeServer(finding, PLACE);
  expect(verdict.level).toBe(level);
  expect(verdict.title).toContain(title);
});

it("a socket that is down is blamed on what is between only where the page itself is reached", () => {
  const down = { is: "down" } as const;
  expect(judgeSocket(down, ANSWERED).remedy).toContain("WebSocket");
  expect(judgeSocket(down, { is: "silent" }).level).toBe("skipped");
  expect(judgeSocket({ is: "open", milliseconds: 9, relay: { is: "off" } }, ANSWERED).level).toBe(
    "ok",
  );
});

it.each([
  [0, "ok", "agree"],
  [-1.9 * MINUTE, "ok", "agree"],
  [3 * MINUTE, "warning", "3 min behind"],
  [-67 * MINUTE, "warning", "67 min ahead of"],
  [300 * MINUTE, "warning", "5 h behind"],
  [-7 * 24 * 60 * MINUTE, "warning", "7 days ahead of"],
  [null, "skipped", "Not tested"],
])("a server's clock that is %s ms ahead is %s", (clockAhead, level, words) => {
  const verdict = judgeClock({ ...ANSWERED, clockAhead });
  expect(verdict.level).toBe(level);
  expect(verdict.title).toContain(words);
});

it("the worst verdict decides what is said of all", () => {
  const fine = ok("");
  expect(summary([fine, skipped("")])).toEqual(ok("Calls work from here"));
  expect(summary([fine, { ...fine, level: "asked" }])).toMatchObject({
    level: "ok",
    remedy: "One question is left for you.",
  });
  expect(summary([fine, warning("", ""), warning("", "")])).toMatchObject({
    level: "warning",
    remedy: "2 things could be better.",
  });
  expect(summary([warning("", ""), fault("", "")])).toMatchObject({
    level: "fault",
    title: "One thing is broken",
  });
});
