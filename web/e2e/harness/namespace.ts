/** One Linux network namespace, and browsers and programs in it. Needs root. */
import { execFileSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { LaunchOptions } from "@playwright/test";

/** Why there can be no namespaces here; nothing where there can. `tools` are commands beside `ip` and `nft`. */
export function namespaceObstacle(...tools: string[]): string | null {
  if (process.platform !== "linux") return "network namespaces exist on Linux only";
  if (process.getuid?.() !== 0) return "network namespaces need root: run this story as root";
  try {
    for (const tool of ["nft", ...tools]) root(tool, ["--version"]);
    root("ip", ["netns", "list"]);
    return null;
  } catch (error) {
    return `network namespaces need the commands ${["ip", "nft", ...tools].join(", ")}: ${String(error)}`;
  }
}

/** The name of a namespace that no other run of the stories has. */
export function nameOf(place: string): string {
  return `ahoy-e2e-${process.pid}-${place}`;
}

/** Where a program or browser is, as far as the network goes. */
export class Place {
  /** Of the namespace. */
  readonly name: string;
  /** The command that runs another one here. */
  readonly within: readonly string[];
  readonly #folder: string;
  #hosts = "127.0.0.1 localhost\n::1 localhost\n";

  /** @param folder takes the small files that a browser's start needs. */
  constructor(name: string, folder: string) {
    this.name = name;
    this.within = ["ip", "netns", "exec", name];
    this.#folder = folder;
    root("ip", ["netns", "add", name]);
    ip(this, "link", "set", "lo", "up");
  }

  /** Launch options for a browser that sees this place's network only. */
  around(launch: LaunchOptions): LaunchOptions {
    const { executablePath = "" } = launch;
    const [starter, hosts] = [
      join(this.#folder, this.name),
      join(this.#folder, `${this.name}.hosts`),
    ];
    writeFileSync(hosts, this.#hosts);
    // `ip netns exec` gives what it runs a view of its own of the file system.
    writeFileSync(
      starter,
      `#!/bin/sh\nexec ${this.within.join(" ")} sh -c 'mount --bind "${hosts}" /etc/hosts && exec "$0" "$@"' '${executablePath}' "$@"\n`,
    );
    chmodSync(starter, 0o755);
    return { ...launch, executablePath: starter };
  }

  /** Browsers that start here from now on find that name at these addresses. */
  knows(name: string, addresses: readonly string[]): void {
    // Chromium looks up the name of a STUN server with a dot at its end.
    this.#hosts += addresses.map((address) => `${address} ${name} ${name}.\n`).join("");
  }

  /** Sets a setting of the kernel for this place. */
  set(name: string, value: number): void {
    root(this.within[0] ?? "", [...this.within.slice(1), "sysctl", "--quiet", `${name}=${value}`]);
  }

  /** Stops everything that runs here, as a closed lid does. */
  sleep(): void {
    this.#signal("SIGSTOP");
  }

  /** Lets it go on after {@link sleep}. */
  wake(): void {
    this.#signal("SIGCONT");
  }

  /** Takes it away; every process in it must have ended. */
  remove(): void {
    root("ip", ["netns", "delete", this.name]);
  }

  #signal(signal: NodeJS.Signals): void {
    for (const id of root("ip", ["netns", "pids", this.name]).split(/\s+/).filter(Boolean)) {
      process.kill(Number(id), signal);
    }
  }
}

/** `ip` with that place's links, addresses and routes. */
export function ip(place: Place, ...parameters: string[]): void {
  root("ip", ["-n", place.name, ...parameters]);
}

/** Gives `nft` rules to read. */
export function nft(place: Place, rules: string): void {
  const [command = "", ...rest] = place.within;
  execFileSync(command, [...rest, "nft", "-f", "-"], {
    input: rules,
    stdio: ["pipe", "ignore", "pipe"],
  });
}

/** Runs a command that needs root and gives back what it printed. */
export function root(command: string, parameters: readonly string[]): string {
  return execFileSync(command, parameters, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}
