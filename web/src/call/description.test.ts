import { describe, expect, test } from "vitest";

import type { Anonymous } from "./descriptionRules";
import type { Candidate } from "../protocol/Candidate";
import chromium from "./fixtures/chromium.json";
import firefox from "./fixtures/firefox.json";
import { toCandidate, toDescription, toIceCandidate, toSdp } from "./description";
import { DescriptionError } from "./descriptionRules";

// Captured by e2e/capture-sdp.js.
const BROWSERS = { chromium, firefox };

describe.each(Object.entries(BROWSERS))("SDP of %s", (browser, captured) => {
  const offers = Object.values(captured.offers).flatMap(({ first, restart }) => [first, restart]);
  const real: [RTCSdpType, string][] = [
    ...offers.map((sdp): [RTCSdpType, string] => ["offer", sdp]),
    ...Object.values(captured.answers).map((sdp): [RTCSdpType, string] => ["answer", sdp]),
  ];

  test.each(real)("keeps its description through the template (%s)", (type, sdp) => {
    const description = toDescription({ type, sdp }, 3);
    const rebuilt = toSdp(description);
    expect(rebuilt.type).toBe(type);
    expect(toDescription(rebuilt, 3)).toEqual(description);
  });

  test.each(real)("weighs little and names nothing of the browser (%s)", (type, sdp) => {
    const description = JSON.stringify(toDescription({ type, sdp }, 0));
    expect(description.length).toBeLessThan(900);
    for (const detail of ["mozilla", "WMS", "cname", "msid", "G722", "PCMU"]) {
      expect(description + toSdp(JSON.parse(description) as Anonymous).sdp).not.toContain(detail);
    }
  });

  test("a restart changes the ICE credentials and keeps certificate and codecs", () => {
    const { first, restart } = captured.offers.preferred;
    const before = toDescription({ type: "offer", sdp: first }, 0);
    const after = toDescription({ type: "offer", sdp: restart }, 1);
    expect(after.ufrag).not.toBe(before.ufrag);
    expect(after.pwd).not.toBe(before.pwd);
    expect({ ...after, ufrag: "", pwd: "", epoch: 0 }).toEqual({ ...before, ufrag: "", pwd: "" });
  });

  test("an answer speaks the payload types of the offer that it answers", () => {
    const offer = captured.offers.preferred.first;
    const answer = captured.answers[browser as "chromium" | "firefox"];
    const payloadTypes = (type: RTCSdpType, sdp: string) =>
      toDescription({ type, sdp }, 0).codecs.map((c) => c.payload_type);
    const offered = payloadTypes("offer", offer);
    for (const p of payloadTypes("answer", answer)) expect(offered).toContain(p);
  });

  test("of the candidates only UDP of the first component travels", () => {
    const lines = captured.offers.preferred.candidates;
    const candidates = lines.map(toCandidate).filter((c) => c !== null);
    expect(candidates.map((c) => c.address)).toEqual(["192.0.2.2", "fd00::2"]);
    for (const candidate of candidates) {
      const line = toIceCandidate(candidate, "Yx3+").candidate ?? "";
      expect(toCandidate(line)).toEqual(candidate);
    }
  });
});

test("Chromium offers RED before Opus when it is preferred, Firefox has none", () => {
  const codecs = (sdp: string) => toDescription({ type: "offer", sdp }, 0).codecs;
  const names = (sdp: string) => codecs(sdp).map((c) => c.codec);
  expect(names(chromium.offers.default.first)).toEqual(["opus", "red"]);
  expect(names(chromium.offers.preferred.first)).toEqual(["red", "opus"]);
  expect(names(firefox.offers.preferred.first)).toEqual(["opus"]);
});

test("the other side is told the sound that Ahoy wants", () => {
  const { sdp } = toSdp(good());
  expect(sdp).toContain(
    "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1;cbr=1;maxaveragebitrate=32000;stereo=0;sprop-stereo=0\r\n",
  );
  expect(sdp).toContain("a=fmtp:63 111/111\r\n");
  expect(sdp).toContain("a=rtcp-fb:111 transport-cc\r\n");
  expect(toSdp({ ...good(), extensions: [] }).sdp).not.toContain("rtcp-fb");
});

test("FEC is asked of a browser that does not send RED, and of none that does", () => {
  const [red, plain] = good().codecs;
  if (!red || !plain) throw new Error("the good one has both");
  const fec = (codecs: Anonymous["codecs"], sendsRed: boolean) =>
    /useinbandfec=[01]/.exec(toSdp({ ...good(), codecs }, null, sendsRed).sdp)?.[0];
  expect(fec([red, plain], true)).toBe("useinbandfec=0");
  expect(fec([red, plain], false)).toBe("useinbandfec=1");
  expect(fec([plain], true)).toBe("useinbandfec=1");
});

test("no browser is asked to measure the path with padding", () => {
  for (const { offers } of [chromium, firefox]) {
    const sdp = offers.preferred.first;
    const rebuilt = toSdp(toDescription({ type: "offer", sdp }, 0)).sdp;
    expect(rebuilt).not.toContain("transport-");
  }
  expect(chromium.offers.preferred.first).toContain("transport-wide-cc");
});

test("a later offer keeps the DTLS role that the other side has", () => {
  expect(toSdp(good()).sdp).toContain("a=setup:actpass\r\n");
  expect(toSdp(good(), "active").sdp.match(/a=setup:.*/g)).toEqual([
    "a=setup:active",
    "a=setup:active",
  ]);
  const answer: Anonymous = { ...good(), kind: "answer", dtls: "passive" };
  expect(toSdp(answer, "active").sdp).toContain("a=setup:passive\r\n");
});

test("a low-data mode replaces the sound", () => {
  const sound = { fec: false, dtx: false, cbr: false, maxAverageBitrate: 16_000 };
  const sdp = chromium.offers.preferred.first;
  const [, opus] = toDescription({ type: "offer", sdp }, 0, sound).codecs;
  expect(opus).toMatchObject({ fec: false, dtx: false, cbr: false, max_average_bitrate: 16_000 });
});

test.each<[string, (sdp: string) => string]>([
  ["a third section", (sdp) => `${sdp}m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:2\r\n`],
  ["one section", (sdp) => sdp.slice(0, sdp.indexOf("m=application"))],
  ["video for sound", (sdp) => sdp.replace("m=audio", "m=video")],
  [
    "sections the other way round",
    (sdp) => sdp.replace(/(v=[^]*?)(m=audio[^]*)(m=app[^]*)/, "$1$3$2"),
  ],
  ["other mids", (sdp) => sdp.replaceAll("a=mid:0", "a=mid:audio")],
  ["no encryption", (sdp) => sdp.replace("UDP/TLS/RTP/SAVPF", "RTP/AVPF")],
  ["SHA-1", (sdp) => sdp.replaceAll("a=fingerprint:sha-256", "a=fingerprint:sha-1")],
  ["no password", (sdp) => sdp.replaceAll("a=ice-pwd:", "a=x-pwd:")],
  ["two passwords", (sdp) => sdp.replace(/(a=ice-pwd:.*\r\n)/, "$1$1")],
  ["no Opus", (sdp) => sdp.replaceAll("opus/48000/2", "speex/48000/2")],
  ["active in an offer", (sdp) => sdp.replaceAll("a=setup:actpass", "a=setup:active")],
  ["gigantic", (sdp) => sdp + "a=x\r\n".repeat(20_000)],
  ["empty", () => ""],
])("SDP that is not that of a call is refused: %s", (_, spoil) => {
  const sdp = spoil(chromium.offers.preferred.first);
  expect(() => toDescription({ type: "offer", sdp }, 0)).toThrow(DescriptionError);
});

test("a rollback or a provisional answer is no description", () => {
  const sdp = chromium.offers.preferred.first;
  expect(() => toDescription({ type: "pranswer", sdp }, 0)).toThrow(DescriptionError);
});

const SMUGGLED = "\r\na=candidate:1 1 udp 1 10.0.0.1 9 typ host";

test.each<[string, unknown]>([
  ["a line break in ufrag", { ufrag: `Yx3+${SMUGGLED}` }],
  ["a bare line feed", { ufrag: "Yx3+\n" }],
  ["a line break in pwd", { pwd: `q8W1vHkq0mXk9pYc2dRt5uZa${SMUGGLED}` }],
  ["a line break in fingerprint", { fingerprint: `${"ab".repeat(32)}${SMUGGLED}` }],
  ["a fingerprint of another length", { fingerprint: "ab".repeat(20) }],
  ["a text for epoch", { epoch: `0${SMUGGLED}` }],
  ["a fraction", { epoch: 0.5 }],
  ["an unknown kind", { kind: "pranswer" }],
  ["a line break in direction", { direction: `sendrecv${SMUGGLED}` }],
  ["a role that is not the kind's", { dtls: "active" }],
  ["no codecs", { codecs: [] }],
  ["codecs that are no list", { codecs: { length: 1 } }],
  ["RED over nothing", { codecs: [{ codec: "red", payload_type: 63, over: 111 }] }],
  ["a payload type twice", { codecs: [opus(111), opus(111)] }],
  ["too many codecs", { codecs: [96, 97, 98, 99, 100].map(opus) }],
  ["a static payload type", { codecs: [opus(0)] }],
  ["a text for a payload type", { codecs: [opus(`111${SMUGGLED}`)] }],
  ["a codec that is none", { codecs: [null] }],
  ["a codec that is a list", { codecs: [[]] }],
  ["a text for an Opus switch", { codecs: [{ ...opus(111), fec: `1${SMUGGLED}` }] }],
  ["an unknown codec", { codecs: [opus(111), { codec: "pcmu", payload_type: 96 }] }],
  ["a bit rate that Opus has not", { codecs: [{ ...opus(111), max_average_bitrate: 1 }] }],
  ["an extension id of the long form", { extensions: [{ id: 15, kind: "mid" }] }],
  ["an extension that is none", { extensions: [null] }],
  ["an unknown extension", { extensions: [{ id: 1, kind: "toString" }] }],
  ["an extension twice", { extensions: [1, 2].map((id) => ({ id, kind: "mid" })) }],
  [
    "too many extensions",
    { extensions: Array.from({ length: 9 }, () => ({ id: 1, kind: "mid" })) },
  ],
])("a hostile description never becomes SDP: %s", (_, change) => {
  const hostile = { ...good(), ...(change as object) };
  expect(() => toSdp(hostile)).toThrow(DescriptionError);
});

test("fields that a description does not have are not written", () => {
  const extra = { ...good(), candidates: ["a=candidate:1"], sdp: "a=evil" };
  expect(toSdp(extra)).toEqual(toSdp(good()));
});

test.each([
  "",
  "candidate:",
  "candidate:1 1 tcp 1518214911 192.0.2.2 9 typ host tcptype active",
  "candidate:1 2 udp 1 192.0.2.2 50000 typ host",
  "candidate:1 1 udp 1 127.0.0.1 50000 typ host",
  "candidate:1 1 udp 1 ::1 50000 typ host",
  "candidate:1 1 udp 1 ::ffff:127.0.0.1 50000 typ host",
  "candidate:1 1 udp 1 169.254.169.254 80 typ host",
  "candidate:1 1 udp 1 192.0.2.2 22 typ host",
  "candidate:1 1 udp 1 192.0.2.2 65536 typ host",
  "candidate:1 1 udp 4294967296 192.0.2.2 50000 typ host",
  "candidate:1 1 udp 1 example.org 50000 typ host",
  "candidate:1 1 udp 1 192.0.2.2 50000 typ hostile",
  "candidate:1 1 udp 1 fe80::1%eth0 50000 typ host",
  "x candidate:1 1 udp 1 192.0.2.2 50000 typ host",
  `candidate:${"1".repeat(33)} 1 udp 1 192.0.2.2 50000 typ host`,
  `candidate:1 1 udp 1 ${"a".repeat(1_000_000)}.local 50000 typ host`,
])("a candidate line that does not travel: %.60s", (line) => {
  expect(toCandidate(line)).toBeNull();
});

test("a candidate that STUN found is rebuilt without the address behind it", () => {
  const line =
    "candidate:842163049 1 udp 1677729535 198.51.100.7 46154 typ srflx raddr 10.0.0.17 rport 46154 generation 0";
  const candidate = toCandidate(line);
  expect(candidate).toEqual({
    foundation: "842163049",
    priority: 1_677_729_535,
    address: "198.51.100.7",
    port: 46_154,
    kind: "srflx",
  });
  expect(toIceCandidate(candidate as Candidate, "Yx3+")).toEqual({
    candidate:
      "candidate:842163049 1 udp 1677729535 198.51.100.7 46154 typ srflx raddr 0.0.0.0 rport 0",
    sdpMid: "0",
    sdpMLineIndex: 0,
    usernameFragment: "Yx3+",
  });
});

test.each<[string, object]>([
  ["a line break in foundation", { foundation: `1${SMUGGLED}` }],
  ["a space in foundation", { foundation: "1 1 tcp" }],
  ["a line break in address", { address: `192.0.2.2${SMUGGLED}` }],
  ["a name", { address: "example.org" }],
  ["loopback", { address: "127.0.0.1" }],
  ["a text for port", { port: "50000 typ host" }],
  ["a negative priority", { priority: -1 }],
  ["an unknown kind", { kind: `host${SMUGGLED}` }],
])("a hostile candidate never reaches the browser: %s", (_, change) => {
  const candidate: Candidate = {
    foundation: "1",
    priority: 1,
    address: "192.0.2.2",
    port: 50_000,
    kind: "host",
    ...change,
  };
  expect(() => toIceCandidate(candidate, "Yx3+")).toThrow(DescriptionError);
});

function good(): Anonymous {
  return {
    epoch: 0,
    kind: "offer",
    ufrag: "Yx3+",
    pwd: "q8W1vHkq0mXk9pYc2dRt5uZa",
    fingerprint: "ab".repeat(32),
    dtls: "actpass",
    codecs: [{ codec: "red", payload_type: 63, over: 111 }, opus(111)],
    extensions: [
      { id: 4, kind: "mid" },
      { id: 3, kind: "transport_cc" },
    ],
    direction: "sendrecv",
  };
}

function opus(payload_type: unknown) {
  return {
    codec: "opus" as const,
    payload_type: payload_type as number,
    fec: true,
    dtx: true,
    cbr: true,
    max_average_bitrate: 32_000,
  };
}
