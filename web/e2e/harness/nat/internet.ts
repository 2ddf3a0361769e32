/**
 * An internet in one machine: the server at one place, networks of every kind around it, and people's
 * devices that can be plugged into one network after the other. Made of Linux network namespaces and
 * nftables, so it needs root.
 *
 * ```
 *   device ── inner│router│outer ── internet ── server
 * ```
 *
 * Every network has room for one device. Addresses are those for documentation (RFC 5737, RFC 3849).
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

import { ip, nameOf, nft, Place, root } from "../namespace";
import type { NatKind } from "./kinds";
import { INNER, OUTER, rulesOf, SHIFT_MAX } from "./rules";

/** The name by which everybody finds the server, by IPv4 and by IPv6. */
export const SERVER_NAME = "ahoy.test";

/** The server's own addresses; the others are of the same machine, for probes. */
export const SERVER_ADDRESSES = {
  v4: "192.0.2.10",
  v6: "2001:db8::10",
  other: "192.0.2.11",
  otherV6: "2001:db8::11",
};

/** Networks have blocks of 8 addresses in 203.0.113.0/24. */
const BLOCK = 8;
/** The first one is left to nobody, so that a wrong calculation shows. */
const NETWORKS_MAX = 256 / BLOCK - 1;

/** How often it is looked whether a device's addresses are settled, in milliseconds. */
const LOOK_INTERVAL_MS = 50;

export class Internet {
  /** Where the server is. */
  readonly server: Place;
  readonly #middle: Place;
  readonly #folder = mkdtempSync(join(tmpdir(), "ahoy-e2e-internet-"));
  readonly #places: Place[] = [];
  #networks = 0;

  constructor() {
    this.#middle = this.#router("internet");
    this.server = this.#place("server");
    const { v4, v6, other, otherV6 } = SERVER_ADDRESSES;
    wire(this.#middle, "toserver", this.server, "wire");
    for (const address of ["192.0.2.1/24", "2001:db8::1/64"]) {
      addressed(this.#middle, "toserver", address);
    }
    for (const address of [`${v4}/24`, `${other}/24`, `${v6}/64`, `${otherV6}/64`]) {
      addressed(this.server, "wire", address);
    }
    routed(this.server, "default", "192.0.2.1");
    routed(this.server, "default", "2001:db8::1");
  }

  /** A network of that kind. */
  network(kind: NatKind): AccessNetwork {
    this.#networks += 1;
    const number = this.#networks;
    if (number > NETWORKS_MAX) throw new Error(`there is room for ${NETWORKS_MAX} networks`);
    const router = this.#router(`router${number}`);
    if (kind !== "double") {
      const outside = hasNat(kind) ? [2, 3].map((n) => `203.0.113.${number * BLOCK + n}`) : [];
      this.#connect(router, number, outside);
      return new AccessNetwork(kind, number, router, outside);
    }
    const carrier = this.#router(`carrier${number}`);
    const outside = `203.0.113.${number * BLOCK + 2}`;
    this.#connect(carrier, number, [outside]);
    wire(carrier, INNER, router, OUTER);
    addressed(carrier, INNER, `100.64.${number}.1/24`);
    addressed(router, OUTER, `100.64.${number}.2/24`);
    routed(router, "default", `100.64.${number}.1`);
    const translation = { outside, inside: `100.64.${number}.2`, shift: 0x0c00 };
    nft(carrier, rulesOf("port-restricted", translation));
    return new AccessNetwork(kind, number, router, [`100.64.${number}.2`]);
  }

  /** A device, in no network yet. */
  device(name: string): Device {
    const device = new Device(nameOf(name), this.#folder);
    this.#places.push(device);
    device.knows(SERVER_NAME, [SERVER_ADDRESSES.v4, SERVER_ADDRESSES.v6]);
    return device;
  }

  /** Takes everything away; every process in it must have ended. */
  remove(): void {
    for (const place of this.#places) place.remove();
    rmSync(this.#folder, { recursive: true });
  }

  /** A cable between a router and the middle, and the way to what is behind the router and to its own addresses. */
  #connect(router: Place, number: number, outside: readonly string[]): void {
    const near = `network${number}`;
    wire(this.#middle, near, router, OUTER);
    addressed(this.#middle, near, `10.0.${number}.1/30`);
    addressed(router, OUTER, `10.0.${number}.2/30`);
    addressed(this.#middle, near, `fd00:0:0:${number}::1/64`);
    addressed(router, OUTER, `fd00:0:0:${number}::2/64`);
    for (const address of outside) addressed(router, OUTER, `${address}/32`);
    routed(this.#middle, `203.0.113.${number * BLOCK}/29`, `10.0.${number}.2`);
    routed(this.#middle, `2001:db8:0:${number}::/64`, `fd00:0:0:${number}::2`);
    routed(router, "default", `10.0.${number}.1`);
    routed(router, "default", `fd00:0:0:${number}::1`);
  }

  #router(name: string): Place {
    const router = this.#place(name);
    router.set("net.ipv4.ip_forward", 1);
    router.set("net.ipv6.conf.all.forwarding", 1);
    return router;
  }

  #place(name: string): Place {
    const place = new Place(nameOf(name), this.#folder);
    this.#places.push(place);
    return place;
  }
}

/** A network that a device can be plugged into: a home, an office, a mobile carrier. */
export class AccessNetwork {
  readonly kind: NatKind;
  readonly router: Place;
  /** What a device in it is given. */
  readonly lease: { address: string; bits: number; gateway: string };
  readonly #outside: readonly string[];
  #starts = 0;

  /** @param outside addresses of the router, one after the other, a new one at each restart. */
  constructor(kind: NatKind, number: number, router: Place, outside: readonly string[]) {
    this.kind = kind;
    this.router = router;
    this.#outside = outside;
    this.lease = leaseIn(kind, number);
    this.#start();
  }

  /**
   * Restarts the router: it forgets every mapping, maps ports otherwise and has another address outside, where
   * it has one of its own, as home lines do. What was under way by TCP is told that nobody knows of it any more.
   */
  reboot(): void {
    this.#start();
  }

  /** From now on nothing leaves but TCP to that port. */
  letOutOnly(port: number): void {
    nft(
      this.router,
      `table inet strict {
        chain out {
          type filter hook forward priority -10;
          iifname ${INNER} tcp dport ${port} accept
          iifname ${INNER} drop
        }
      }`,
    );
  }

  #start(): void {
    const outside = this.#outside[this.#starts % this.#outside.length] ?? "";
    this.#starts += 1;
    // 0x155 and 0x2aa have no bit in common: each start moves every port.
    const shift = (this.#starts % 2 === 1 ? 0x155 : 0x2aa) & SHIFT_MAX;
    nft(this.router, rulesOf(this.kind, { outside, inside: this.lease.address, shift }));
    root("ip", ["netns", "exec", this.router.name, "conntrack", "--flush"]);
  }
}

function hasNat(kind: NatKind): boolean {
  return kind !== "none" && kind !== "ipv6-only";
}

function leaseIn(kind: NatKind, number: number): AccessNetwork["lease"] {
  switch (kind) {
    case "none": {
      const block = number * BLOCK;
      return { address: `203.0.113.${block + 2}`, bits: 29, gateway: `203.0.113.${block + 1}` };
    }
    case "ipv6-only":
      return {
        address: `2001:db8:0:${number}::2`,
        bits: 64,
        gateway: `2001:db8:0:${number}::1`,
      };
    default:
      return { address: `192.168.${number}.2`, bits: 24, gateway: `192.168.${number}.1` };
  }
}

/** Something with a browser that people carry from one network to another. */
export class Device extends Place {
  #plugged: { network: AccessNetwork; link: string }[] = [];
  #links = 0;

  /** Into that network alone: the old address is gone before the new one is there. */
  moveTo(network: AccessNetwork): void {
    for (const { link } of this.#plugged) ip(this, "link", "delete", link);
    this.#plugged = [];
    this.#plug(network, 100);
  }

  /**
   * Waits until the addresses here stay as they are. Linux makes one by itself and asks for a second or two whether
   * somebody else has it (RFC 4862 §5.4); at that moment Chromium closes every connection of HTTP/2, and what is under
   * way by one fails with `ERR_NETWORK_CHANGED`.
   */
  async isSettled(): Promise<void> {
    for (const { link } of this.#plugged) {
      const own = ["-6", "address", "show", "dev", link, "scope", "link", "-tentative"];
      while (root("ip", ["-n", this.name, ...own]) === "") await setTimeout(LOOK_INTERVAL_MS);
    }
  }

  /** Everything goes by that network from now on, as with a VPN; the old address stays. */
  preferVpn(network: AccessNetwork): void {
    this.#plug(network, 50, (link) => {
      // A tunnel asks nobody for addresses. Linux would: whether its own is free, and, in the name of the old address,
      // for the gateway's, where a router answers no stranger.
      this.set(`net.ipv6.conf.${link}.accept_dad`, 0);
      this.set(`net.ipv4.conf.${link}.arp_announce`, 2);
    });
  }

  /** Back to the network below. */
  leaveVpn(): void {
    const vpn = this.#plugged.pop();
    if (!vpn || this.#plugged.length === 0) throw new Error("no VPN is on");
    ip(this, "link", "delete", vpn.link);
  }

  #plug(network: AccessNetwork, metric: number, prepare?: (link: string) => void): void {
    const link = `wire${this.#links}`;
    this.#links += 1;
    const { address, bits, gateway } = network.lease;
    wire(network.router, INNER, this, link, prepare);
    addressed(network.router, INNER, `${gateway}/${bits}`);
    // A router drops what comes from an address that is not its network's.
    network.router.set(`net.ipv4.conf.${INNER}.rp_filter`, 1);
    addressed(this, link, `${address}/${bits}`);
    routed(this, "default", gateway, metric);
    this.#plugged.push({ network, link });
  }
}

/** Lays a cable between two places and switches both ends on, the far one once it is prepared. */
function wire(
  from: Place,
  near: string,
  to: Place,
  far: string,
  prepare?: (link: string) => void,
): void {
  ip(from, "link", "add", near, "type", "veth", "peer", "name", far, "netns", to.name);
  prepare?.(far);
  ip(from, "link", "set", near, "up");
  ip(to, "link", "set", far, "up");
}

function addressed(place: Place, link: string, address: string): void {
  // Nobody else can have the address, so nobody needs to be asked for a second.
  const unasked = address.includes(":") ? ["nodad"] : [];
  ip(place, "address", "add", address, "dev", link, ...unasked);
}

function routed(place: Place, to: string, gateway: string, metric?: number): void {
  const family = gateway.includes(":") ? "-6" : "-4";
  const preference = metric === undefined ? [] : ["metric", `${metric}`];
  ip(place, family, "route", "add", to, "via", gateway, ...preference);
}
