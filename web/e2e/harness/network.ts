/**
 * A small network of its own: the server at one place, each browser at another, and cables between
 * them that can be pulled, replaced and filtered. Made of Linux network namespaces, so it needs root.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { LaunchOptions } from "@playwright/test";

/** Why there can be no network of its own here; nothing where there can. */
export function networkObstacle(): string | null {
  if (process.platform !== "linux") return "network namespaces exist on Linux only";
  if (process.getuid?.() !== 0) return "network namespaces need root: run this story as root";
  try {
    run("ip", ["netns", "list"]);
    run("nft", ["--version"]);
    return null;
  } catch (error) {
    return `network namespaces need the commands ip and nft: ${String(error)}`;
  }
}

/** Every address is in it, so nothing has to be routed. */
const PREFIX = "10.213";
const MASK_BITS = 16;

/** The middle, where the server is and all cables meet. */
export class Network {
  /** The address of the server. */
  readonly host = `${PREFIX}.0.1`;
  /** Where the server is. */
  readonly middle: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "ahoy-e2e-network-"));
  readonly #namespaces: string[] = [];
  #cables = 0;

  constructor() {
    this.middle = this.#make("middle");
    run("ip", ["-n", this.middle, "link", "add", "bridge", "type", "bridge"]);
    run("ip", ["-n", this.middle, "address", "add", this.#masked(this.host), "dev", "bridge"]);
    for (const link of ["lo", "bridge"]) run("ip", ["-n", this.middle, "link", "set", link, "up"]);
  }

  /** A place for one browser, with a cable to the middle. */
  place(name: string): Namespace {
    const place = new Namespace(this.#make(name), this.#folder, (to, link) => this.#plug(to, link));
    run("ip", ["-n", place.name, "link", "set", "lo", "up"]);
    place.plugIn();
    return place;
  }

  /** Takes everything away; every process in it must have ended. */
  remove(): void {
    for (const name of this.#namespaces) run("ip", ["netns", "delete", name]);
    rmSync(this.#folder, { recursive: true });
  }

  #make(name: string): string {
    const full = `ahoy-e2e-${process.pid}-${name}`;
    run("ip", ["netns", "add", full]);
    this.#namespaces.push(full);
    return full;
  }

  /** Lays a cable with a new address at its far end. */
  #plug(to: string, link: string): void {
    this.#cables += 1;
    const near = `cable${this.#cables}`;
    const address = this.#masked(`${PREFIX}.1.${this.#cables}`);
    const pair = ["type", "veth", "peer", "name", link, "netns", to];
    run("ip", ["-n", this.middle, "link", "add", near, ...pair]);
    run("ip", ["-n", this.middle, "link", "set", near, "master", "bridge", "up"]);
    run("ip", ["-n", to, "address", "add", address, "dev", link]);
    run("ip", ["-n", to, "link", "set", link, "up"]);
  }

  #masked(address: string): string {
    return `${address}/${MASK_BITS}`;
  }
}

/** Where one browser is. */
export class Namespace {
  readonly name: string;
  readonly #folder: string;
  readonly #plug: (to: string, link: string) => void;
  #links = 0;

  constructor(name: string, folder: string, plug: (to: string, link: string) => void) {
    this.name = name;
    this.#folder = folder;
    this.#plug = plug;
  }

  /** Launch options for a browser that sees this network only. */
  around(launch: LaunchOptions): LaunchOptions {
    const starter = join(this.#folder, this.name);
    const { executablePath = "" } = launch;
    writeFileSync(starter, `#!/bin/sh\nexec ip netns exec ${this.name} '${executablePath}' "$@"\n`);
    chmodSync(starter, 0o755);
    return { ...launch, executablePath: starter };
  }

  /** Another cable with another address. */
  plugIn(): void {
    this.#links += 1;
    this.#plug(this.name, this.#link);
  }

  /** Another network in place of this one: the old address is gone before the new one is there. */
  replace(): void {
    run("ip", ["-n", this.name, "link", "delete", this.#link]);
    this.plugIn();
  }

  /** Loses the sound of calls, as a firewall does that lets pages through and nothing else. */
  dropUdp(): void {
    this.#nft("add table inet story");
    this.#nft("add chain inet story out { type filter hook output priority 0 ; }");
    this.#nft("add rule inet story out meta l4proto udp drop");
  }

  /** Lets the sound through again. */
  passUdp(): void {
    this.#nft("delete table inet story");
  }

  #nft(command: string): void {
    run("ip", ["netns", "exec", this.name, "nft", command]);
  }

  get #link(): string {
    return `wire${this.#links}`;
  }
}

function run(command: string, parameters: readonly string[]): void {
  execFileSync(command, parameters, { stdio: ["ignore", "ignore", "pipe"] });
}
