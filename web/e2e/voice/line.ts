/**
 * A network of three: the server, Ada and Ben, joined by a wire in user space that loses, delays and reorders what Ada and
 * Ben send each other. Made of Linux network namespaces and TUN devices, so it needs root.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

import type { LaunchOptions } from "@playwright/test";

import { nameOf, Place } from "../harness/namespace";

const WIRE = fileURLToPath(new URL("../../../bench/voice/wire.py", import.meta.url));

export type Side = "ada" | "ben";

/** What the wire counts of the sound that one side sent. */
export interface Count {
  packets: number;
  lost: number;
  /** With IP headers. */
  bytes: number;
  /** How many packets had which size. */
  sizes: Record<string, number>;
  /** How many packets had which RTP payload type. */
  types: Record<string, number>;
}

/**
 * Options of `chrt`: sound goes before whatever else the machine does. Without them every second pass on a machine that
 * compiles something has pauses in which nobody played.
 */
const FIRST = ["--rr", "1"];

/** Where one browser is. */
class Undisturbed extends Place {
  override around(launch: LaunchOptions): LaunchOptions {
    const around = super.around(launch);
    const starter = `${around.executablePath ?? ""}-first`;
    const program = `#!/bin/sh\nexec chrt ${FIRST.join(" ")} '${around.executablePath ?? ""}' "$@"\n`;
    writeFileSync(starter, program, { mode: 0o755 });
    return { ...around, executablePath: starter };
  }
}

export class Wire {
  /** The address of the server. */
  readonly host = "10.214.0.1";
  /** Where the server is. */
  readonly middle: Place;
  readonly ada: Place;
  readonly ben: Place;
  readonly #folder = mkdtempSync(join(tmpdir(), "ahoy-voice-"));
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;
  readonly #lines: Interface;

  private constructor() {
    this.middle = new Place(nameOf("voice-middle"), this.#folder);
    this.ada = new Undisturbed(nameOf("voice-ada"), this.#folder);
    this.ben = new Undisturbed(nameOf("voice-ben"), this.#folder);
    const program = [python(), WIRE, this.ada.name, this.ben.name];
    this.#process = spawn("chrt", [...FIRST, ...this.middle.within, ...program], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#lines = createInterface(this.#process.stdout);
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  static async lay(): Promise<Wire> {
    const wire = new Wire();
    try {
      await wire.#expect("ready");
      return wire;
    } catch (error) {
      await wire.remove();
      throw error;
    }
  }

  /** What becomes of what one side sends from now on. With a seed, chance and counts begin anew. */
  async impair(from: Side, profile: object, seed?: string): Promise<void> {
    this.#process.stdin.write(`${JSON.stringify({ from, profile, seed })}\n`);
    await this.#expect("ok");
  }

  /** What one side sent since the last seed. */
  async count(of: Side): Promise<Count> {
    this.#process.stdin.write(`${JSON.stringify({ count: of })}\n`);
    return JSON.parse(await this.#answer()) as Count;
  }

  /** Takes everything away; the browsers and the server must have ended. */
  async remove(): Promise<void> {
    if (this.#process.exitCode === null) {
      const gone = once(this.#process, "exit");
      this.#process.stdin.end();
      await gone;
    }
    this.#lines.close();
    for (const place of [this.middle, this.ada, this.ben]) place.remove();
    rmSync(this.#folder, { recursive: true });
  }

  async #expect(wanted: string): Promise<void> {
    const answer = await this.#answer();
    if (answer !== wanted) throw new Error(`the wire said ${answer}, not ${wanted}`);
  }

  async #answer(): Promise<string> {
    const answer = await this.#answers.next();
    if (answer.done === true) throw new Error("the wire ended; its own words stand above");
    return answer.value;
  }
}

/** The Python that has what scoring needs. */
export function python(): string {
  return process.env["AHOY_VOICE_PYTHON"] ?? "python3";
}
