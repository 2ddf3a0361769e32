/**
 * A third party on the network that sends to the open ports of devices whatever might disturb a connection that is being made.
 *
 * It knows the ports, which is more than a stranger does, and none of the secrets that the two devices gave each other. It
 * sends from ports of its own: packets that pretend to come from the other device are not looked at here.
 */
import { randomBytes } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import { crc32 } from "node:zlib";

import { expect, type Page } from "@playwright/test";

/** How often a packet of each kind goes to each port, in milliseconds. */
const EVERY_MS = 5;

/** An open port of a device, and whose it is. */
interface Target {
  page: Page;
  address: string;
  port: number;
  /** Whether it has answered to be left alone: so what is sent there arrives. */
  refused: boolean;
}

export class Spray {
  /** How many packets have gone out. */
  sent = 0;
  readonly #targets: Target[] = [];
  readonly #ipv4: Socket;
  readonly #ipv6: Socket;
  readonly #timer: NodeJS.Timeout;

  private constructor(ipv4: Socket, ipv6: Socket) {
    [this.#ipv4, this.#ipv6] = [ipv4, ipv6];
    for (const socket of [ipv4, ipv6]) {
      socket.on("message", (message, from) => this.#answered(message, from));
    }
    this.#timer = setInterval(() => this.#round(), EVERY_MS);
  }

  /** Takes aim at pages that are not open yet: at each port as soon as it is there. */
  static async at(...pages: readonly Page[]): Promise<Spray> {
    const sockets = [createSocket("udp4"), createSocket("udp6")] as const;
    for (const socket of sockets) {
      socket.bind();
      await once(socket, "listening");
    }
    const spray = new Spray(...sockets);
    for (const page of pages) {
      await page.exposeFunction("foundPort", (address: string, port: number) =>
        spray.#targets.push({ page, address, port, refused: false }),
      );
      await page.addInitScript(tellPorts);
    }
    return spray;
  }

  /** Waits until packets arrive at a port of each of these. */
  async reaches(...pages: readonly Page[]): Promise<void> {
    for (const page of pages) {
      await expect
        .poll(() => this.#targets.some((target) => target.page === page && target.refused))
        .toBe(true);
    }
  }

  /** Waits until so many more packets have gone out. */
  async goesOn(packets: number): Promise<void> {
    const before = this.sent;
    await expect.poll(() => this.sent - before, { timeout: 30_000 }).toBeGreaterThan(packets);
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const socket of [this.#ipv4, this.#ipv6]) socket.close();
  }

  #round(): void {
    for (const { address, port } of this.#targets) {
      const socket = isIPv6(address) ? this.#ipv6 : this.#ipv4;
      for (const packet of PACKETS) {
        socket.send(packet(), port, address);
        this.sent += 1;
      }
    }
  }

  #answered(message: Buffer, from: { address: string; port: number }): void {
    if (message.length < 2 || message.readUInt16BE() !== BINDING_ERROR) return;
    const target = this.#targets.find((it) => it.port === from.port && it.address === from.address);
    if (target) target.refused = true;
  }
}

/** Runs in the page. Must be self-contained. */
function tellPorts(): void {
  const { foundPort } = globalThis as unknown as {
    foundPort: (address: string, port: number) => void;
  };
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      this.addEventListener("icecandidate", ({ candidate }) => {
        if (candidate?.type !== "host" || candidate.protocol !== "udp") return;
        const { address, port } = candidate;
        // Chromium writes those of IPv6 in brackets.
        if (address && port) foundPort(address.replaceAll(/[[\]]/g, ""), port);
      });
    }
  };
}

/** Types of STUN messages (RFC 8489 §5, §18.2). */
const BINDING_REQUEST = 0x0001;
const BINDING_ERROR = 0x0111;
const STUN_COOKIE = 0x2112_a442;
const FINGERPRINT = 0x8028;
const FINGERPRINT_MASK = 0x5354_554e;
/** DTLS 1.2, and the types of its records (RFC 6347 §4.1). */
const DTLS_VERSION = 0xfefd;
const ALERT = 21;
const HANDSHAKE = 22;
/** What the browsers call redundant audio and Opus (`a=rtpmap`). */
const PAYLOAD_TYPES = [63, 111];

const PACKETS: readonly (() => Buffer)[] = [
  clientHello,
  fatalAlert,
  ...PAYLOAD_TYPES.map((type) => () => rtp(type)),
  bindingRequest,
  () => randomBytes(200),
];

/** The first word of somebody who wants to be at the other end (RFC 6347 §4.2, RFC 5764 §4.1.1). */
function clientHello(): Buffer {
  const body = Buffer.concat([
    uint16(DTLS_VERSION),
    randomBytes(32),
    Buffer.from([0, 0]),
    withLength(Buffer.concat([0xc02b, 0xc02f, 0xc00a].map(uint16))),
    Buffer.from([1, 0]),
    withLength(
      Buffer.concat([
        extension(10, withLength(Buffer.concat([0x001d, 0x0017].map(uint16)))),
        extension(13, withLength(Buffer.concat([0x0403, 0x0804].map(uint16)))),
        extension(14, Buffer.concat([withLength(uint16(0x0001)), Buffer.from([0])])),
        extension(23, Buffer.alloc(0)),
      ]),
    ),
  ]);
  const length = uint24(body.length);
  const message = [Buffer.from([1]), length, uint16(0), uint24(0), length, body];
  return record(HANDSHAKE, Buffer.concat(message));
}

/** That the handshake has failed: it needs no key before there are any. */
function fatalAlert(): Buffer {
  return record(ALERT, Buffer.from([2, 40]));
}

/** A packet of sound of nobody. */
function rtp(payloadType: number): Buffer {
  return Buffer.concat([Buffer.from([0x80, payloadType]), randomBytes(90)]);
}

/** A check of the path without the other device's words in it. A device refuses it, and so shows that it came. */
function bindingRequest(): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(BINDING_REQUEST);
  // Of the fingerprint, which browsers ask for before they look at anything else (RFC 8489 §14.7).
  header.writeUInt16BE(8, 2);
  header.writeUInt32BE(STUN_COOKIE, 4);
  const request = Buffer.concat([header, randomBytes(12)]);
  const fingerprint = Buffer.alloc(8);
  fingerprint.writeUInt16BE(FINGERPRINT);
  fingerprint.writeUInt16BE(4, 2);
  fingerprint.writeUInt32BE((crc32(request) ^ FINGERPRINT_MASK) >>> 0, 4);
  return Buffer.concat([request, fingerprint]);
}

/** In the clear, as all records before the keys are agreed on. */
function record(type: number, content: Buffer): Buffer {
  const numbers = Buffer.concat([uint16(0), randomBytes(6)]);
  return Buffer.concat([Buffer.from([type]), uint16(DTLS_VERSION), numbers, withLength(content)]);
}

function extension(type: number, content: Buffer): Buffer {
  return Buffer.concat([uint16(type), withLength(content)]);
}

function withLength(content: Buffer): Buffer {
  return Buffer.concat([uint16(content.length), content]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function uint24(value: number): Buffer {
  return Buffer.concat([Buffer.from([value >> 16]), uint16(value & 0xffff)]);
}
