/** A small program at a place of the laboratory that sends and receives packets as it is told. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import type { Place } from "../namespace";

const PROGRAM = fileURLToPath(new URL("packets.js", import.meta.url));

/** Where a packet came from or goes to. */
export interface Endpoint {
  host: string;
  port: number;
}

/** A packet that arrived. */
export interface Datagram extends Endpoint {
  text: string;
}

type Line =
  | { opened: string; port: number }
  | ({ heard: string } & Datagram)
  | { dialled: string | null }
  | { error: string };

export class Prober {
  readonly #child: ChildProcess;
  readonly #sockets: ProbeSocket[] = [];
  /** Those who wait for an answer other than a packet, in order. */
  readonly #waiting: ((line: Line) => void)[] = [];
  /** What went wrong in it; a story that failed prints it. */
  readonly errors: string[] = [];

  constructor(place: Place) {
    const [command = "", ...within] = place.within;
    this.#child = spawn(command, [...within, process.execPath, PROGRAM], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    if (this.#child.stdout) {
      createInterface({ input: this.#child.stdout }).on("line", (line) => {
        this.#take(JSON.parse(line) as Line);
      });
    }
  }

  /** Opens a UDP socket at that address of its place, on a free port. */
  async open(host: string): Promise<ProbeSocket> {
    const socket = `${this.#sockets.length}`;
    const opened = this.#ask({ op: "open", socket, host, port: 0 });
    const probe = new ProbeSocket(host, (to, text) =>
      this.#tell({ op: "send", socket, ...to, text }),
    );
    this.#sockets.push(probe);
    const line = await opened;
    if ("opened" in line) probe.port = line.port;
    return probe;
  }

  /** Listens for TCP and says at which port. */
  async serve(host: string): Promise<number> {
    const line = await this.#ask({ op: "serve", host });
    return "opened" in line ? line.port : 0;
  }

  /** Dials by TCP; nothing where it is answered, else the system's code for why not. */
  async dial(to: Endpoint): Promise<string | null> {
    const line = await this.#ask({ op: "dial", ...to });
    return "dialled" in line ? line.dialled : "no answer";
  }

  async end(): Promise<void> {
    const gone = once(this.#child, "exit");
    this.#child.stdin?.end();
    await gone;
  }

  #take(line: Line): void {
    if ("heard" in line) this.#sockets[Number(line.heard)]?.hears(line);
    else if ("error" in line) this.errors.push(line.error);
    else this.#waiting.shift()?.(line);
  }

  #ask(request: object): Promise<Line> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#tell(request);
    });
  }

  #tell(request: object): void {
    this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
  }
}

/** One UDP socket. */
export class ProbeSocket implements Endpoint {
  readonly host: string;
  port = 0;
  readonly send: (to: Endpoint, text: string) => void;
  readonly #heard: Datagram[] = [];
  #wake = (): void => undefined;

  constructor(host: string, send: (to: Endpoint, text: string) => void) {
    this.host = host;
    this.send = ({ host, port }, text) => send({ host, port }, text);
  }

  /** What has arrived so far. */
  get texts(): string[] {
    return this.#heard.map(({ text }) => text);
  }

  /** Waits until that text has arrived, and says where from. */
  async hearsFrom(text: string): Promise<Endpoint> {
    for (;;) {
      const found = this.#heard.find((datagram) => datagram.text === text);
      if (found) return { host: found.host, port: found.port };
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  hears({ text, host, port }: Datagram): void {
    this.#heard.push({ text, host, port });
    this.#wake();
  }
}
