import { describe, expect, it } from "vitest";

import { PAYLOAD_MAX_BYTES, primaryOf, Repeater } from "./red";

const OPUS = 111;
/** 20 ms at 48 kHz. */
const FRAME = 960;

describe("what is new in a payload", () => {
  it("stands behind what is repeated", () => {
    // As Chromium writes it: one earlier packet of 3 bytes, 960 samples before.
    const payload = bytes(0x80 | OPUS, 15, 0, 3, OPUS, 1, 2, 3, 9, 8);
    expect(primaryOf(payload)).toEqual({ payloadType: OPUS, repeats: 1, data: bytes(9, 8) });
    expect(primaryOf(bytes(OPUS, 7))).toEqual({ payloadType: OPUS, repeats: 0, data: bytes(7) });
  });

  it.each([
    ["nothing", bytes()],
    ["half a header", bytes(0x80 | OPUS, 15)],
    ["headers without an end", bytes(0x80 | OPUS, 15, 0, 0)],
    ["less than is promised", bytes(0x80 | OPUS, 15, 0, 9, OPUS, 1)],
  ])("is nothing in %s, and that is sent as it came", (_what, payload) => {
    expect(primaryOf(payload)).toBeNull();
    const repeater = new Repeater();
    repeater.depth = 3;
    expect(repeater.repeat(payload, 0)).toBe(payload);
  });
});

describe("a repeater", () => {
  it("leaves alone what repeats one packet, as it is asked to", () => {
    const repeater = new Repeater();
    repeater.repeat(single(1, 1), 0);
    const payload = bytes(0x80 | OPUS, 15, 0, 1, OPUS, 1, 2);
    expect(repeater.repeat(payload, FRAME)).toBe(payload);
  });

  it("repeats as many as it is told, the oldest first, and all are found again", () => {
    const repeater = new Repeater();
    repeater.depth = 3;
    const sent = [1, 2, 3, 4, 5].map((n) => repeater.repeat(single(n, n), n * FRAME));
    expect(sent.map(timesRead)).toEqual([
      [[0, 1]],
      [
        [FRAME, 1],
        [0, 2],
      ],
      [
        [2 * FRAME, 1],
        [FRAME, 2],
        [0, 3],
      ],
      [
        [3 * FRAME, 1],
        [2 * FRAME, 2],
        [FRAME, 3],
        [0, 4],
      ],
      [
        [3 * FRAME, 2],
        [2 * FRAME, 3],
        [FRAME, 4],
        [0, 5],
      ],
    ]);
  });

  it("has packets at hand as soon as it is told to repeat more", () => {
    const repeater = new Repeater();
    repeater.repeat(single(1, 10), 0);
    repeater.depth = 2;
    repeater.repeat(single(2, 10), FRAME);
    expect(timesRead(repeater.repeat(single(3, 10), 2 * FRAME))).toHaveLength(3);
  });

  it("goes on where timestamps begin anew", () => {
    const repeater = new Repeater();
    repeater.depth = 2;
    repeater.repeat(single(1, 5), 2 ** 32 - FRAME);
    expect(timesRead(repeater.repeat(single(2, 6), 0))).toEqual([
      [FRAME, 5],
      [0, 6],
    ]);
  });

  it("repeats nothing from before a silence, whatever the browser did", () => {
    for (const depth of [1, 3]) {
      const repeater = new Repeater();
      repeater.depth = depth;
      repeater.repeat(single(1, 4), 0);
      repeater.repeat(single(1, 5), FRAME);
      const after = FRAME + 100 * 48;
      const byBrowser = bytes(0x80 | OPUS, 75, 0, 5, OPUS, 1, 1, 1, 1, 1, 2, 2);
      expect(timesRead(repeater.repeat(byBrowser, after))).toEqual([[0, 2]]);
      expect(timesRead(repeater.repeat(single(3, 7), after + FRAME)).slice(-2)).toEqual([
        [FRAME, 2],
        [0, 7],
      ]);
    }
  });

  it("repeats across the longest packets that there are", () => {
    const repeater = new Repeater();
    repeater.depth = 2;
    repeater.repeat(single(1, 5), 0);
    expect(timesRead(repeater.repeat(single(2, 6), 3 * FRAME))).toEqual([
      [3 * FRAME, 5],
      [0, 6],
    ]);
  });

  it("never makes a payload that would be cut up on its way", () => {
    const repeater = new Repeater();
    repeater.depth = 3;
    for (let n = 0; n < 5; n += 1) {
      const payload = repeater.repeat(single(n, 500), n * FRAME);
      expect(payload.length).toBeLessThanOrEqual(PAYLOAD_MAX_BYTES);
    }
    const large = single(9, PAYLOAD_MAX_BYTES);
    expect(repeater.repeat(large, 6 * FRAME)).toEqual(large);
  });
});

/** A payload without repetition: `length` bytes, all alike. */
function single(value: number, length: number): Uint8Array<ArrayBuffer> {
  return bytes(OPUS, ...Array.from({ length }, () => value));
}

function bytes(...values: number[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(values);
}

/** What a receiver reads (RFC 2198 §3): for each packet how many samples before, and its length. */
function timesRead(payload: Uint8Array): [number, number][] {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const found: [number, number][] = [];
  let at = 0;
  while ((view.getUint8(at) & 0x80) !== 0) {
    const header = view.getUint32(at);
    found.push([(header >> 10) & 0x3fff, header & 0x3ff]);
    at += 4;
  }
  const repeated = found.reduce((sum, [, length]) => sum + length, 0);
  return [...found, [0, payload.length - at - 1 - repeated]];
}
