import { describe, expect, it } from "vitest";

import type { RelayServer } from "../protocol/RelayServer";
import type { Place, PortFinding, RelayOffer, SoundFinding } from "./findings";
import type { Verdict } from "./verdict";
import { judgeOffer, judgeSound, judgeStun, judgeWays } from "./ways";

const PLACE: Place = { host: "chat.example.org", stunPort: 3478, relay: "fallback" };
const UDP: RelayServer = { transport: "udp", port: 3478 };
const TCP: RelayServer = { transport: "tcp", port: 3478 };
const TLS: RelayServer = { transport: "tls", port: 443 };
const OPEN: PortFinding = { is: "answered", milliseconds: 30, address: "192.0.0.8" };
const SILENT: PortFinding = { is: "silent" };

describe("ways to the relay", () => {
  it("is well when all are open", () => {
    const verdicts = ways([OPEN, OPEN, OPEN]);
    expect(verdicts.map(({ level }) => level)).toEqual(["ok", "ok", "ok"]);
  });

  it("names the closed port, what it costs, and who can open it", () => {
    const [udp] = ways([SILENT, OPEN, OPEN]);
    expect(udp).toMatchObject({
      level: "warning",
      title: "UDP 3478 of chat.example.org does not answer",
    });
    expect(udp?.remedy).toContain("Calls go by TCP 3478 instead");
    expect(udp?.remedy).toContain("forward UDP 3478");
  });

  it("closed TCP and TLS matter to others where UDP is open", () => {
    const [, tcp, tls] = ways([OPEN, SILENT, SILENT]);
    expect(tcp).toMatchObject({ level: "warning" });
    expect(tcp?.remedy).toContain("others use UDP 3478");
    expect(tls?.title).toBe("TLS on TCP 443 of chat.example.org does not answer");
  });

  it("says nothing about UDP to a server on the same device", () => {
    const all = [
      { server: UDP, finding: SILENT },
      { server: TCP, finding: OPEN },
    ];
    const levels = [...judgeWays(all, { ...PLACE, host: "localhost" }).values()];
    expect(levels.map(({ level }) => level)).toEqual(["skipped", "ok"]);
  });

  it("is a fault when none is open", () => {
    for (const verdict of ways([SILENT, SILENT, SILENT])) {
      expect(verdict.level).toBe("fault");
      expect(verdict.remedy).toContain("direct path");
    }
  });

  it.each([
    [401, "does not take the access"],
    [438, "does not take the access"],
    [486, "is full"],
    [508, "is full"],
    [403, "error 403"],
  ])("an answer with error %i is told apart from silence", (code, words) => {
    const [udp] = ways([{ is: "refused", code }, OPEN, OPEN]);
    expect(udp?.level).toBe("fault");
    expect(udp?.title).toContain(words);
  });

  it.each([
    ["chat.example.org", "192.0.0.8", "ok"],
    ["chat.example.org", "203.0.113.9", "ok"],
    ["chat.example.org", "10.0.0.5", "warning"],
    ["chat.example.org", "fd12::1", "warning"],
    ["203.0.113.9", "10.0.0.5", "fault"],
    ["192.168.1.10", "192.168.1.10", "ok"],
    ["192.168.1.10", "203.0.113.9", "ok"],
    ["chat.example.org", "127.0.0.1", "fault"],
    ["chat.example.org", "0.0.0.0", "fault"],
    ["127.0.0.1", "127.0.0.1", "ok"],
    ["localhost", "127.0.0.1", "ok"],
  ])("a server at %s that gives out %s is %s", (host, address, level) => {
    const place = { ...PLACE, host };
    const finding: PortFinding = { is: "answered", milliseconds: 1, address };
    const verdict = judgeWays([{ server: UDP, finding }], place).get("relay_udp");
    expect(verdict?.level).toBe(level);
    if (level !== "ok") expect(verdict?.remedy).toContain("relay.external_addresses");
  });

  function ways([udp, tcp, tls]: [PortFinding, PortFinding, PortFinding]): Verdict[] {
    const all = [
      { server: UDP, finding: udp },
      { server: TCP, finding: tcp },
      { server: TLS, finding: tls },
    ];
    return [...judgeWays(all, PLACE).values()];
  }
});

it("STUN that is silent, off, or answers is told apart", () => {
  expect(judgeStun({ is: "answered", milliseconds: 1, address: "198.51.100.7" }, PLACE)).toEqual({
    level: "ok",
    title: "UDP 3478 answers: from outside you are 198.51.100.7",
    remedy: null,
  });
  expect(judgeStun({ is: "answered", milliseconds: 1, address: null }, PLACE).level).toBe("ok");
  expect(judgeStun(SILENT, PLACE).remedy).toContain("forward UDP 3478");
  expect(judgeStun(SILENT, { ...PLACE, host: "localhost" }).level).toBe("skipped");
  expect(judgeStun(null, { ...PLACE, stunPort: null }).title).toBe("The server has no STUN");
});

it.each<[RelayOffer | null, Place["relay"], Verdict["level"], string]>([
  [{ is: "off" }, "off", "warning", "switched off"],
  [{ is: "refused", message: "Wait a minute." }, "fallback", "skipped", "Not tested now"],
  [null, "fallback", "skipped", "socket is down"],
  [on([UDP]), "fallback", "ok", "without a direct path"],
  [on([UDP]), "always", "ok", "nobody learns your address"],
  [on([]), "fallback", "fault", "no way to its relay"],
])("a relay that is offered as %o in mode %s is %s", (offer, relay, level, words) => {
  const verdict = judgeOffer(offer, { ...PLACE, relay });
  expect(verdict.level).toBe(level);
  expect(verdict.title).toContain(words);
});

it.each<[SoundFinding | null, Verdict["level"], string]>([
  [{ is: "heard", roundTrip: 60, lost: 0 }, "ok", "60 ms"],
  [{ is: "heard", roundTrip: null, lost: 0.01 }, "ok", "came back"],
  [{ is: "heard", roundTrip: 60, lost: 0.12 }, "warning", "12 of 100 packets"],
  [{ is: "heard", roundTrip: 900, lost: 0 }, "warning", "late in 900 ms"],
  [{ is: "not_heard" }, "fault", "no sound came back"],
  [{ is: "held_back" }, "skipped", "A path through the relay stands"],
  [{ is: "no_path" }, "fault", "nothing goes through"],
  [null, "skipped", "Not tested"],
])("sound that is %o is %s", (finding, level, words) => {
  const verdict = judgeSound(finding);
  expect(verdict.level).toBe(level);
  expect(verdict.title).toContain(words);
});

function on(servers: RelayServer[]): RelayOffer {
  const credential = { username: "name", password: "secret", expires_in: 1 };
  return { is: "on", access: { policy: "relay_only", servers, ...credential } };
}
