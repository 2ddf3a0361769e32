/**
 * Ada and Ben, each with a browser of their own on a device that can be plugged into a network of any
 * kind, and the real server in the middle. Browsers and networks stay from one call to the next.
 */
import { type Browser, expect, type Page, test as base, type WebSocket } from "@playwright/test";

import { Authority } from "../authority";
import { Caller } from "../calls";
import { namespaceObstacle } from "../namespace";
import { introduce } from "../person";
import { AhoyServer } from "../server";
import { People } from "../test";
import {
  type AccessNetwork,
  type Device,
  Internet,
  SERVER_ADDRESSES,
  SERVER_NAME,
} from "./internet";
import type { NatKind } from "./kinds";

/** Why there can be no laboratory here; nothing where there can. */
export function laboratoryObstacle(): string | null {
  return namespaceObstacle("conntrack");
}

/** How long a device may take to be back at the server after it was plugged in elsewhere, in milliseconds. */
const BACK_MS = 15_000;

/** Somebody with a device to carry around. */
export class Traveller {
  readonly caller: Caller;
  readonly device: Device;
  readonly #internet: Internet;
  /** Everybody has networks of their own: one of each kind, and more where a story asks. */
  readonly #networks = new Map<string, AccessNetwork>();
  #at: AccessNetwork | null = null;

  constructor(caller: Caller, device: Device, internet: Internet) {
    this.caller = caller;
    this.device = device;
    this.#internet = internet;
  }

  /** A network of theirs; `which` tells those of one kind apart. */
  network(kind: NatKind, which = "first"): AccessNetwork {
    const key = `${kind} ${which}`;
    const network = this.#networks.get(key) ?? this.#internet.network(kind);
    this.#networks.set(key, network);
    return network;
  }

  /** Plugs the device in there alone. */
  moveTo(network: AccessNetwork): void {
    this.device.moveTo(network);
    this.#at = network;
  }

  /**
   * Moves there, unless they are there, and waits until the page is back at the server by itself and calls would go by
   * the new network: Chromium looks for paths by the old one for two seconds more.
   */
  async settleIn(network: AccessNetwork): Promise<void> {
    if (network === this.#at) return;
    const { page } = this.caller.person;
    const back = welcomed(page);
    this.moveTo(network);
    await Promise.all([back, this.device.isSettled()]);
    await expect
      .poll(() => page.evaluate(addressesOfPaths), { timeout: BACK_MS, intervals: [100] })
      .toEqual([network.lease.address]);
  }
}

/**
 * `test` with a laboratory that stays for all stories of a run, or until one fails. A story that failed
 * has in its report what the connections tried.
 */
export const test = base.extend<{ paths: undefined }, { https: boolean; laboratory: Laboratory }>({
  // Whether the server has HTTPS, with a certificate that the browsers trust.
  https: [false, { option: true, scope: "worker" }],
  laboratory: [
    async ({ browser, https }, use) => {
      const authority = https ? new Authority() : null;
      const laboratory = await Laboratory.start(browser, authority);
      await use(laboratory);
      await laboratory.end();
      authority?.remove();
    },
    { scope: "worker", timeout: 60_000 },
  ],
  // A fixture, not a hook: a hook of a file that several stories load belongs to the first of them alone.
  paths: [
    async ({ laboratory }, use, info) => {
      await use(undefined);
      if (info.status === info.expectedStatus) return;
      for (const { caller } of [laboratory.ada, laboratory.ben]) {
        const name = `paths of ${caller.person.displayName}`;
        await info.attach(name, { body: await caller.ear.triedPaths(), contentType: "text/plain" });
      }
      await info.attach("ahoy.log", { body: laboratory.server.log, contentType: "text/plain" });
    },
    { auto: true },
  ],
});

export class Laboratory {
  readonly internet: Internet;
  readonly server: AhoyServer;
  readonly people: People;
  readonly ada: Traveller;
  readonly ben: Traveller;

  private constructor(
    internet: Internet,
    server: AhoyServer,
    people: People,
    [ada, ben]: readonly [Traveller, Traveller],
  ) {
    this.internet = internet;
    this.server = server;
    this.people = people;
    this.ada = ada;
    this.ben = ben;
  }

  /** Two contacts without NAT, ready to call. */
  static async start(browser: Browser, authority: Authority | null): Promise<Laboratory> {
    const internet = new Internet();
    const { within } = internet.server;
    const settings = authority ? { tls: authority.certify(SERVER_NAME) } : {};
    const variables = authority ? { HOME: authority.home } : {};
    const server = await AhoyServer.start(settings, { host: SERVER_NAME, listen: "[::]", within });
    const people = new People(server, browser);
    const switches = switchesFor(server);
    const join = async (name: string, hertz: number): Promise<Traveller> => {
      const device = internet.device(name.toLowerCase());
      device.moveTo(internet.network("none"));
      await device.isSettled();
      const how = { network: device, switches, variables };
      const caller = await Caller.join(people, name, hertz, how);
      return new Traveller(caller, device, internet);
    };
    const both = [await join("Ada", 440), await join("Ben", 1000)] as const;
    await introduce(both[0].caller.person, both[1].caller.person);
    return new Laboratory(internet, server, people, both);
  }

  async end(): Promise<void> {
    try {
      await this.people.leave();
    } finally {
      // What a page did wrong must not leave networks behind.
      await this.server.remove();
      this.internet.remove();
    }
  }
}

function switchesFor(server: AhoyServer): string[] {
  const { port } = new URL(server.url);
  const { v4, v6 } = SERVER_ADDRESSES;
  return [
    // Browsers lend microphones to pages of https and of this machine only; this one is neither.
    `--unsafely-treat-insecure-origin-as-secure=${server.url}`,
    // Chromium takes addresses for documentation for somebody's home and would ask before a page opens sockets there.
    `--ip-address-space-overrides=${v4}:${port}=public,[${v6}]:${port}=public`,
  ];
}

/** Waits until the page has a new socket with the server's greeting in it; others may fail before. */
/** Runs in the page: the addresses of its own from which the browser would look for paths. Must be self-contained. */
async function addressesOfPaths(): Promise<string[]> {
  // The browser's own connection, of which the witness does not know.
  const { RTCPeerConnection: witnessed } = globalThis;
  const Connection = Object.getPrototypeOf(witnessed) as typeof RTCPeerConnection;
  const connection = new Connection();
  const addresses = new Set<string>();
  const gathered = new Promise<void>((resolve) => {
    connection.onicecandidate = ({ candidate }) => {
      if (candidate === null) resolve();
      // Those of IPv6 are in brackets.
      else if (candidate.address) addresses.add(candidate.address.replace(/^\[(.*)\]$/, "$1"));
    };
  });
  connection.createDataChannel("");
  await connection.setLocalDescription();
  await gathered;
  connection.close();
  return [...addresses];
}

function welcomed(page: Page): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(
      () => reject(new Error(`not back at the server within ${BACK_MS} ms`)),
      BACK_MS,
    );
    const watch = (socket: WebSocket): void => {
      socket.on("framereceived", ({ payload }) => {
        if (!payload.toString().startsWith('{"type":"welcome"')) return;
        clearTimeout(late);
        page.off("websocket", watch);
        resolve();
      });
    };
    page.on("websocket", watch);
  });
}
