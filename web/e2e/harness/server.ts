/**
 * The real `ahoy`, started for one story: a free port, an empty data directory, its own port of STUN and the relay.
 *
 * It can be stopped and started again on the same port with the same data, as a host would.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What a story may set in the config file of `ahoy`: sections of `ahoy.example.toml`, times in milliseconds. */
export interface Settings {
  /** Stories are open to everybody unless they say otherwise. */
  registration?: "open" | "invite" | "closed";
  search?: "open" | "exact" | "off";
  calls?: Partial<
    Record<
      | "ring_timeout_ms"
      | "unreachable_timeout_ms"
      | "connect_timeout_ms"
      | "device_ring_timeout_ms"
      | "restart_after_ms"
      | "lost_after_ms"
      | "abandoned_after_ms",
      number
    >
  >;
  tls?: { mode: "self-signed" } | { cert: string; key: string };
  relay?: {
    mode: "off" | "fallback" | "always";
    ports?: string;
    external_addresses?: readonly string[];
  };
  limits?: Partial<Record<"hello_deadline_ms" | "requests_per_second" | "requests_burst", number>>;
}

const PROGRAM =
  process.env["AHOY_PROGRAM"] ??
  fileURLToPath(new URL("../../../target/debug/ahoy", import.meta.url));

/** How long a start or stop may take before the story fails, in milliseconds. */
const PATIENCE_MS = 10_000;

/** Where the server listens. */
export interface ServerPlace {
  /** The name or address by which browsers find it. */
  host: string;
  /** The address that it listens at, where that is another one. */
  listen?: string;
  /** The command that runs it there; none for this machine's own network. */
  within: readonly string[];
}

const HERE: ServerPlace = { host: "localhost", within: [] };

export class AhoyServer {
  /** Where a browser finds it, without a slash at the end. */
  readonly url: string;
  /** What it wrote so far, for the report of a story that failed. */
  log = "";
  readonly #port: number;
  readonly #folder: string;
  readonly #place: ServerPlace;
  readonly #registration: string;
  readonly #search: string;
  #process: ChildProcess | undefined;

  private constructor(
    port: number,
    folder: string,
    place: ServerPlace,
    { tls, registration = "open", search = "open" }: Settings,
  ) {
    const scheme = tls === undefined ? "http" : "https";
    this.#registration = registration;
    this.#search = search;
    this.#port = port;
    this.#folder = folder;
    this.#place = place;
    this.url = `${scheme}://${place.host}:${port}`;
  }

  /** Starts a server with no account in it. */
  static async start(settings: Settings = {}, place = HERE): Promise<AhoyServer> {
    const folder = mkdtempSync(join(tmpdir(), "ahoy-e2e-"));
    writeFileSync(join(folder, "ahoy.toml"), toml(settings));
    const server = new AhoyServer(await freePort(), folder, place, settings);
    await server.start();
    return server;
  }

  /** Starts it again after {@link stop} or {@link kill}: same address, same data. */
  async start(): Promise<void> {
    const { host, listen = host, within } = this.#place;
    const [command, ...parameters] = [
      ...within,
      PROGRAM,
      "serve",
      ...["--config", join(this.#folder, "ahoy.toml")],
      ...["--listen", `${listen}:${this.#port}`],
      ...["--data", join(this.#folder, "data")],
      ...["--relay", "*:0"],
      ...["--registration", this.#registration],
      ...["--search", this.#search],
    ] as [string, ...string[]];
    const child = spawn(command, parameters, { stdio: ["ignore", "pipe", "pipe"] });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text: string) => {
        this.log += text;
      });
    }
    const failed = Promise.race([
      once(child, "error").then(([error]) => String(error)),
      once(child, "exit").then(([code, signal]) => `it ended with ${String(code ?? signal)}`),
    ]);
    const ready = once(child.stdout, "data").then(() => undefined);
    const problem = await inTime(Promise.race([ready, failed]), "to print its address");
    if (problem !== undefined) {
      throw new Error(`${PROGRAM} did not start: ${problem}\n${this.log}`);
    }
  }

  /** Ends it as a host does and waits until it has gone. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  /** Ends it as a power cut does. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Stops it in mid-breath: sockets stay open and nobody answers. */
  freeze(): void {
    this.#process?.kill("SIGSTOP");
  }

  /** Lets it go on after {@link freeze}. */
  thaw(): void {
    this.#process?.kill("SIGCONT");
  }

  /** What the command `ahoy …` prints on the host, while the server runs or not. */
  command(...words: string[]): string {
    return execFileSync(PROGRAM, [...words, "--data", join(this.#folder, "data")], {
      encoding: "utf8",
    });
  }

  /** Ends it for good and removes its data. */
  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) {
      return;
    }
    const gone = once(child, "exit");
    // A frozen one would never see a polite signal.
    child.kill("SIGCONT");
    child.kill(signal);
    await inTime(gone, `to end after ${signal}`);
  }
}

/** The few forms of TOML that settings need. */
function toml({ calls, tls, relay, limits }: Settings): string {
  const set = Object.entries({ calls, tls, relay, limits }).filter(([, values]) => values);
  const sections = set as [string, Record<string, number | string | readonly string[]>][];
  return sections
    .map(([section, values]) => {
      const lines = Object.entries(values).map(
        ([key, value]) => `${key} = ${JSON.stringify(value)}`,
      );
      return [`[${section}]`, ...lines, ""].join("\n");
    })
    .join("\n");
}

/** A port that nothing listens on. Chosen here and not by `ahoy`, since it must be the same after a restart. */
async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") {
    throw new Error("a listening TCP socket has no port");
  }
  return address.port;
}

async function inTime<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`ahoy took more than ${PATIENCE_MS} ms ${what}`)),
      PATIENCE_MS,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
