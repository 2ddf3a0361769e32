/**
 * A small network of its own: the server at one place, each browser at another, and cables between
 * them that can be pulled, replaced and filtered. Made of Linux network namespaces, so it needs root.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ip, nameOf, namespaceObstacle, nft, Place } from "./namespace";

/** Why there can be no network of its own here; nothing where there can. */
export function networkObstacle(): string | null {
  return namespaceObstacle();
}

/** Every address is in it, so nothing has to be routed. */
const PREFIX = "10.213";
const MASK_BITS = 16;

/** The middle, where the server is and all cables meet. */
export class Network {
  /** The address of the server. */
  readonly host = `${PREFIX}.0.1`;
  /** Where the server is. */
  readonly middle: Place;
  readonly #folder = mkdtempSync(join(tmpdir(), "ahoy-e2e-network-"));
  readonly #places: Place[] = [];
  #cables = 0;

  constructor() {
    this.middle = new Place(nameOf("middle"), this.#folder);
    this.#places.push(this.middle);
    ip(this.middle, "link", "add", "bridge", "type", "bridge");
    ip(this.middle, "address", "add", masked(this.host), "dev", "bridge");
    ip(this.middle, "link", "set", "bridge", "up");
  }

  /** A place for one browser, with a cable to the middle. */
  place(name: string): Namespace {
    const place = new Namespace(nameOf(name), this.#folder, (link) => this.#plug(place, link));
    this.#places.push(place);
    place.plugIn();
    return place;
  }

  /** Takes everything away; every process in it must have ended. */
  remove(): void {
    for (const place of this.#places) place.remove();
    rmSync(this.#folder, { recursive: true });
  }

  /** Lays a cable with a new address at its far end. */
  #plug(to: Place, link: string): void {
    this.#cables += 1;
    const near = `cable${this.#cables}`;
    const pair = ["type", "veth", "peer", "name", link, "netns", to.name];
    ip(this.middle, "link", "add", near, ...pair);
    ip(this.middle, "link", "set", near, "master", "bridge", "up");
    ip(to, "address", "add", masked(`${PREFIX}.1.${this.#cables}`), "dev", link);
    ip(to, "link", "set", link, "up");
  }
}

/** Where one browser is. */
export class Namespace extends Place {
  readonly #plug: (link: string) => void;
  #links = 0;

  constructor(name: string, folder: string, plug: (link: string) => void) {
    super(name, folder);
    this.#plug = plug;
  }

  /** Another cable with another address. */
  plugIn(): void {
    this.#links += 1;
    this.#plug(this.#link);
  }

  /** Another network in place of this one: the old address is gone before the new one is there. */
  replace(): void {
    ip(this, "link", "delete", this.#link);
    this.plugIn();
  }

  /** Loses the sound of calls, as a firewall does that lets pages through and nothing else. */
  dropUdp(): void {
    nft(
      this,
      `table inet story {
        chain out { type filter hook output priority filter; meta l4proto udp drop; }
      }`,
    );
  }

  /** Lets the sound through again. */
  passUdp(): void {
    nft(this, "delete table inet story");
  }

  /** Loses that share of the sound that arrives here, in percent, each packet by itself. */
  loseUdp(percent: number): void {
    nft(
      this,
      `table inet lossy {
        chain in { type filter hook input priority filter;
          meta l4proto udp numgen random mod 100 < ${percent} drop; }
      }`,
    );
  }

  /** Loses all new TCP connections but those to one port. */
  dropTcpBut(port: number): void {
    nft(
      this,
      `table inet narrow {
        chain out { type filter hook output priority filter; tcp flags syn tcp dport != ${port} drop; }
      }`,
    );
  }

  get #link(): string {
    return `wire${this.#links}`;
  }
}

function masked(address: string): string {
  return `${address}/${MASK_BITS}`;
}
