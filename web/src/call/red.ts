// Redundant audio (RFC 2198) in the payload of a packet: what was sent before, then what is new.
//
// Browsers repeat one earlier packet. `Repeater` repeats as many as it is told, so that sound outlives several
// losses in a row; a receiver takes however many there are. It repeats nothing from before a silence: a receiver that
// lost it would play it late, put the silence behind it, and then hurry to catch up. It changes payloads only and knows nothing of
// calls.

/** More would be cut up on its way: with the headers of SRTP, UDP and TURN it still fits 1,280 bytes (RFC 8200 §5). */
export const PAYLOAD_MAX_BYTES = 1_100;
/** What the 14 bits of an offset can say, in samples; 341 ms at 48 kHz. */
const OFFSET_MAX = 0x3fff;
/** What the 10 bits of a length can say. */
const LENGTH_MAX = 0x3ff;
/** Packets further apart than the longest that Opus makes have a silence between them, in samples; 60 ms at 48 kHz. */
const APART_MAX = 2_880;
const MORE_FOLLOWS = 0x80;
const PAYLOAD_TYPE = 0x7f;
const HEADER_BYTES = 4;
/** Timestamps of RTP have 32 bits and begin anew after the last (RFC 3550 §5.1). */
const TIMESTAMPS = 2 ** 32;

type Bytes = Uint8Array<ArrayBuffer>;

/** What is new in a payload. */
export interface Primary {
  readonly payloadType: number;
  /** How many earlier packets stand before it. */
  readonly repeats: number;
  readonly data: Bytes;
}

/** What is new in a payload of redundant audio; nothing where it is not well formed. */
export function primaryOf(payload: Bytes): Primary | null {
  let at = 0;
  let repeated = 0;
  for (let repeats = 0; ; repeats += 1) {
    const first = payload[at];
    if (first === undefined) return null;
    if ((first & MORE_FOLLOWS) === 0) {
      const begin = at + 1 + repeated;
      if (begin > payload.length) return null;
      return { payloadType: first & PAYLOAD_TYPE, repeats, data: payload.slice(begin) };
    }
    const [high, low] = [payload[at + 2], payload[at + 3]];
    if (high === undefined || low === undefined) return null;
    repeated += ((high & 0x3) << 8) | low;
    at += HEADER_BYTES;
  }
}

/** Repeats earlier packets of one stream in later ones. */
export class Repeater {
  readonly #sent: { timestamp: number; data: Bytes }[] = [];
  #depth = 1;

  /** How many earlier packets each one repeats, where they fit. */
  set depth(depth: number) {
    this.#depth = Math.max(1, depth);
  }

  /** The payload to send in place of one; the same where there is nothing to add. */
  repeat(payload: Bytes, timestamp: number): Bytes {
    const primary = primaryOf(payload);
    if (primary === null) return payload;
    const earlier = this.#fitting(primary, timestamp);
    this.#sent.push({ timestamp, data: primary.data });
    if (this.#sent.length > this.#depth) this.#sent.splice(0, this.#sent.length - this.#depth);
    // The browser's own is as good.
    const isAlike = this.#depth === 1 && earlier.length === primary.repeats;
    return isAlike ? payload : write(primary, earlier);
  }

  /** The newest that may be repeated, the oldest first. */
  #fitting({ data }: Primary, timestamp: number): Repeated[] {
    const fitting: Repeated[] = [];
    let size = 1 + data.length;
    let next = 0;
    for (const { timestamp: then, data: earlier } of this.#sent.toReversed()) {
      const offset = (timestamp - then + TIMESTAMPS) % TIMESTAMPS;
      size += HEADER_BYTES + earlier.length;
      if (offset - next > APART_MAX || offset > OFFSET_MAX) break;
      if (earlier.length > LENGTH_MAX || size > PAYLOAD_MAX_BYTES) break;
      if (earlier.length > 0 && offset > 0) fitting.unshift({ offset, data: earlier });
      next = offset;
    }
    return fitting;
  }
}

interface Repeated {
  /** How many samples earlier it was. */
  readonly offset: number;
  readonly data: Bytes;
}

function write({ payloadType, data }: Primary, earlier: readonly Repeated[]): Bytes {
  const headers = earlier.flatMap(({ offset, data: { length } }) => [
    MORE_FOLLOWS | payloadType,
    offset >> 6,
    ((offset & 0x3f) << 2) | (length >> 8),
    length & 0xff,
  ]);
  const parts = [Uint8Array.from([...headers, payloadType]), ...earlier.map((e) => e.data), data];
  const payload = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    payload.set(part, at);
    at += part.length;
  }
  return payload;
}
