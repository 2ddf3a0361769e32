/**
 * Measures the rows of `bench/voice/rows.json`: for each one call through the real web client over a wire of that
 * row's kind, both sides talking. What was heard is scored by `bench/voice/score.py`.
 *
 * A call has a pass to settle, then the passes that count. `AHOY_VOICE_ROWS` names single rows, separated by commas.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";

import { Caller } from "../harness/calls";
import { introduce } from "../harness/person";
import { AhoyServer } from "../harness/server";
import { expect, type People, test as base } from "../harness/test";
import { type Count, python, type Side, Wire } from "./line";
import { type SoundSettings, type Tap, tap } from "./tap";

interface Row {
  name: string;
  /** The name of a wire, which is also what its losses follow from: they are equal in rows that are compared. */
  wire: string;
  /** What is not as in the product. */
  settings: Partial<SoundSettings>;
  /** How many passes count. */
  passes: number;
}

interface Rows {
  /** What a wire does to packets; several are taken in turn, one a pass. */
  wires: Record<string, object[]>;
  product: SoundSettings;
  rows: Row[];
}

const SIDES = ["ada", "ben"] as const;
const other = (side: Side): Side => (side === "ada" ? "ben" : "ada");

const BENCH = fileURLToPath(new URL("../../../bench/voice/", import.meta.url));
const FOLDER = fileURLToPath(new URL("../../../target/voice/", import.meta.url));
/** 48 kHz, mono, 16 bit. */
const SPEECH = `${FOLDER}speech.wav`;
const SPEECH_BYTES_PER_MS = 96;
const WAV_HEADER_BYTES = 44;

/** After the last pass: the longest way from mouth to ear. */
const TAIL_MS = 2_000;
/** How long both are muted at the end, to see what listening costs; with the time until the mute took hold. */
const LISTENING_MS = 5_000;
const HUSH_MS = 1_000;

const test = base.extend<{ wire: Wire }>({
  // eslint-disable-next-line no-empty-pattern -- Playwright wants the braces
  wire: async ({}, use) => {
    const wire = await Wire.lay();
    await use(wire);
    await wire.remove();
  },
  server: async ({ wire }, use) => {
    const { within } = wire.middle;
    const server = await AhoyServer.start({}, { host: wire.host, within });
    await use(server);
    await server.remove();
  },
});

test("voice", async ({ people, wire, server }) => {
  const { wires, product, rows } = chosenRows();
  const pair = await meet(people, wire, server);
  const passMs = (statSync(SPEECH).size - WAV_HEADER_BYTES) / SPEECH_BYTES_PER_MS;
  for (const row of rows) {
    const folder = `${FOLDER}${row.name}`;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const settings = { ...product, ...row.settings };
    const isProduct = Object.keys(row.settings).length === 0;
    const full = { ...row, settings, isProduct, wires: wires[row.wire] ?? [] };
    await measure(full, pair, wire, passMs, folder);
    const score = execFileSync(python(), [`${BENCH}score.py`, folder], { encoding: "utf8" });
    // eslint-disable-next-line no-console -- whoever waits an hour wants to see it
    console.log(score.trim());
  }
});

type Pair = Record<Side, Caller>;

interface FullRow extends Row {
  wires: object[];
  settings: SoundSettings;
  /** Whether nothing is taken out: then no description is touched, and the call must have these settings by itself. */
  isProduct: boolean;
}

async function meet(people: People, wire: Wire, server: AhoyServer): Promise<Pair> {
  // Browsers lend microphones to pages of https and of this machine only; this one is neither.
  const switches = [`--unsafely-treat-insecure-origin-as-secure=${server.url}`];
  const microphone = { file: SPEECH };
  const join = async (name: string, side: Side): Promise<Caller> => {
    const how = { microphone, network: wire[side], switches };
    const caller = await Caller.join(people, name, 0, how);
    await caller.person.page.addInitScript(tap);
    // What improves a microphone's sound would be judged as damage.
    await caller.person.page.addInitScript(() => {
      const off = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
      localStorage.setItem("ahoy.sound-treatment", JSON.stringify(off));
    });
    return caller;
  };
  const pair = { ada: await join("Ada", "ada"), ben: await join("Ben", "ben") };
  await introduce(pair.ada.person, pair.ben.person);
  return pair;
}

async function measure(
  row: FullRow,
  pair: Pair,
  wire: Wire,
  passMs: number,
  folder: string,
): Promise<void> {
  const { ada, ben } = pair;
  for (const side of SIDES) {
    await wire.impair(side, row.wires[0] ?? {}, `${row.wire}/${side}`);
    await inPage(
      pair[side],
      (at, settings) => {
        at.settings = settings;
        at.rewind();
      },
      row.isProduct ? null : row.settings,
    );
  }
  const load = [loadavg()[0]];
  const when = new Date().toISOString();
  await ada.dial(ben);
  await ben.answer(ada);
  await expect(ada.timer(ben)).toBeVisible({ timeout: 30_000 });
  await expect(ben.timer(ada)).toBeVisible({ timeout: 30_000 });
  await Promise.all(SIDES.map((side) => expectSettings(pair[side], row.settings)));

  const sides = await Promise.all(SIDES.map((side) => follow(side, row, pair, wire, passMs)));
  await pause(TAIL_MS);
  load.push(loadavg()[0]);
  for (const side of SIDES) {
    for (const which of ["mouth", "ear"] as const) {
      const tape = await inPage(pair[side], (at, name) => at.tape(name), which);
      const { pcm, ...times } = tape;
      writeFileSync(`${folder}/${side}-${which}.pcm`, Buffer.from(pcm, "base64"));
      writeFileSync(`${folder}/${side}-${which}.json`, JSON.stringify(times));
    }
  }
  const listening = await listen(pair, wire);
  await ada.end(ben);
  await ada.dismiss(ben);
  await ben.dismiss(ada);
  const call = { row, when, load, passMs, sides: Object.fromEntries(sides), listening };
  writeFileSync(`${folder}/call.json`, JSON.stringify(call, null, 1));
}

/** Looks after what one side says: the wire of each pass, and what the other side counts while it hears the passes that count. */
async function follow(
  side: Side,
  row: FullRow,
  pair: Pair,
  wire: Wire,
  passMs: number,
): Promise<[Side, object]> {
  const mouth = pair[side];
  const ear = pair[other(side)];
  const till = async (pass: number): Promise<void> => {
    const elapsed = await inPage(mouth, (at) => performance.now() - (at.openedAt ?? NaN), null);
    await pause(pass * passMs - elapsed);
  };
  await till(1);
  const from = await wire.count(side);
  await expectCodec(from, ear, row.settings);
  const before = await statsOf(ear);
  for (let pass = 1; pass <= row.passes; pass += 1) {
    if (row.wires.length > 1) await wire.impair(side, row.wires[pass % row.wires.length] ?? {});
    await till(pass + 1);
  }
  const after = await statsOf(ear);
  const sender = await statsOf(mouth);
  return [side, { wire: { from, to: await wire.count(side) }, ear: { before, after }, sender }];
}

/** What goes over the wire while nobody talks: both press *Mute*. */
async function listen(
  pair: Pair,
  wire: Wire,
): Promise<Record<Side, { bytes: number; ms: number }>> {
  for (const side of SIDES) await pair[side].button(pair[other(side)], "Mute").click();
  await pause(HUSH_MS);
  const counted = async (side: Side): Promise<number> => (await wire.count(side)).bytes;
  const since = performance.now();
  const before = { ada: await counted("ada"), ben: await counted("ben") };
  await pause(LISTENING_MS);
  const ms = performance.now() - since;
  const after = { ada: await counted("ada"), ben: await counted("ben") };
  return {
    ada: { bytes: after.ada - before.ada, ms },
    ben: { bytes: after.ben - before.ben, ms },
  };
}

/** A row whose call has other settings than it says would be worthless. */
async function expectSettings(of: Caller, settings: SoundSettings): Promise<void> {
  // As the browser read it, in its own order.
  const sdp = await inPage(of, (at) => at.remoteSdp(), null);
  const format = /a=fmtp:\d+ (.*cbr=.*)/.exec(sdp)?.[1]?.trim().split(";") ?? [];
  const bit = (on: boolean): number => (on ? 1 : 0);
  const { fec, dtx, cbr, bitrate } = settings;
  expect(sdp.includes("transport-cc")).toBe(settings.tcc);
  expect(format).toEqual(
    expect.arrayContaining([
      `useinbandfec=${bit(fec)}`,
      `usedtx=${bit(dtx)}`,
      `cbr=${bit(cbr)}`,
      `maxaveragebitrate=${bitrate}`,
    ]),
  );
}

/** By the packets themselves: the browser's own statistics name Opus, whether RED is around it or not. */
async function expectCodec({ types }: Count, ear: Caller, { red }: SoundSettings): Promise<void> {
  const sdp = await inPage(ear, (at) => at.remoteSdp(), null);
  const typeOf = (name: string): string =>
    new RegExp(`a=rtpmap:(\\d+) ${name}/`).exec(sdp)?.[1] ?? name;
  expect(Object.keys(types)).toEqual([typeOf(red ? "red" : "opus")]);
}

function statsOf(of: Caller): Promise<Record<string, unknown>[]> {
  return inPage(of, (at) => at.stats(), null);
}

/** Does something with what the page keeps. */
async function inPage<T, R>(
  of: Caller,
  what: (at: Tap, value: T) => R | Promise<R>,
  value: T,
): Promise<R> {
  const at = await of.person.page.evaluateHandle(() => (globalThis as unknown as { tap: Tap }).tap);
  return at.evaluate(what as (at: Tap, value: unknown) => R, value);
}

/** Waits so long by the clock: what is waited for is the end of a piece of speech. */
async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

function chosenRows(): Rows {
  const all = JSON.parse(readFileSync(`${BENCH}rows.json`, "utf8")) as Rows;
  const wanted = (process.env["AHOY_VOICE_ROWS"] ?? "").split(",").filter(Boolean);
  if (wanted.length === 0) return all;
  const names = all.rows.map(({ name }) => name);
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    throw new Error(`no such row: ${unknown.join(", ")}; there are ${names.join(", ")}`);
  }
  return { ...all, rows: all.rows.filter(({ name }) => wanted.includes(name)) };
}
