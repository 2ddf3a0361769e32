import { expect, it } from "vitest";

import type { Probes } from "../doctor/checkup";
import type { Place, PortFinding } from "../doctor/findings";
import type { Check, Level } from "../doctor/verdict";
import type { RelayAccess } from "../protocol/RelayAccess";
import { Checkup } from "./checkup.svelte";

const PLACE: Place = { host: "chat.example.org", stunPort: 3478, relay: "fallback" };
const ACCESS: RelayAccess = {
  policy: "relay_only",
  servers: [
    { transport: "udp", port: 3478 },
    { transport: "tcp", port: 3478 },
  ],
  username: "name",
  password: "secret",
  expires_in: 120_000,
};

it("tests everything and asks the person for what no probe can know", async () => {
  const checkup = new Checkup(probes());
  await checkup.start(PLACE);
  expect(checkup.phase).toBe("done");
  expect(levels(checkup)).toEqual({
    page: "ok",
    microphone: "ok",
    speaker: "asked",
    server: "ok",
    socket: "ok",
    clock: "ok",
    stun: "ok",
    relay: "ok",
    relay_udp: "ok",
    relay_tcp: "ok",
    sound: "ok",
  });
  checkup.heardTone(false);
  expect(checkup.summary).toMatchObject({ level: "fault", title: "One thing is broken" });
});

it("shows what matters first once it is done", async () => {
  const checkup = new Checkup(probes({ way: silentOver("udp") }));
  await checkup.start(PLACE);
  expect(checkup.rows.slice(0, 3).map(({ check }) => check)).toEqual([
    "speaker",
    "relay_udp",
    "page",
  ]);
});

it("sends the tone by the first way that is open", async () => {
  const used: string[] = [];
  const checkup = new Checkup(
    probes({
      way: silentOver("udp"),
      sound: ({ transport }) => {
        used.push(transport);
        return Promise.resolve({ is: "heard", roundTrip: 5, lost: 0 });
      },
    }),
  );
  await checkup.start(PLACE);
  expect(used).toEqual(["tcp"]);
  expect(levels(checkup)).toMatchObject({ relay_udp: "warning", relay_tcp: "ok", sound: "ok" });
});

it("tests neither ways nor sound of a relay that is off", async () => {
  const checkup = new Checkup(
    probes({
      socket: () => Promise.resolve({ is: "open", milliseconds: 1, relay: { is: "off" } }),
    }),
  );
  await checkup.start(PLACE);
  expect(levels(checkup)).toMatchObject({ relay: "warning", sound: "skipped" });
  expect(levels(checkup)).not.toHaveProperty("relay_udp");
});

it("tests no paths in a browser that has none", async () => {
  const checkup = new Checkup(probes({ page: () => ({ secure: true, webrtc: false }) }));
  await checkup.start(PLACE);
  expect(levels(checkup)).toMatchObject({ page: "fault", stun: "skipped", relay: "skipped" });
});

it("a run that is stopped lets go of everything and says nothing any more", async () => {
  let aborted = false;
  const checkup = new Checkup(
    probes({
      microphone: (listening, signal) =>
        new Promise((_, reject) => {
          listening(0.5);
          signal.addEventListener("abort", () => {
            aborted = true;
            listening(0.9);
            reject(new DOMException("", "AbortError"));
          });
        }),
    }),
  );
  const run = checkup.start(PLACE);
  expect(checkup.level).toBe(0.5);
  checkup.stop();
  await run;
  expect(aborted).toBe(true);
  expect(checkup.phase).toBe("stopped");
  expect(checkup.level).toBeNull();
  expect(checkup.rows.every(({ verdict }) => verdict !== null)).toBe(true);
});

it("a second run puts the first away", async () => {
  const checkup = new Checkup(probes());
  const first = checkup.start(PLACE);
  const second = checkup.start({ ...PLACE, stunPort: null });
  await Promise.all([first, second]);
  expect(checkup.phase).toBe("done");
  expect(levels(checkup)).toMatchObject({ stun: "warning" });
});

function probes(change: Partial<Probes> = {}): Probes {
  const answered: PortFinding = { is: "answered", milliseconds: 10, address: null };
  return {
    page: () => ({ secure: true, webrtc: true }),
    microphone: () => Promise.resolve({ is: "open", name: "Headset", peak: 0.5 }),
    speaker: () => Promise.resolve({ is: "played" }),
    server: () => Promise.resolve({ is: "answered", milliseconds: 10, clockAhead: 0 }),
    socket: () =>
      Promise.resolve({ is: "open", milliseconds: 10, relay: { is: "on", access: ACCESS } }),
    stun: () => Promise.resolve(answered),
    way: () => Promise.resolve(answered),
    sound: () => Promise.resolve({ is: "heard", roundTrip: 40, lost: 0 }),
    ...change,
  };
}

function silentOver(closed: string): Probes["way"] {
  return ({ transport }) =>
    Promise.resolve(
      transport === closed ? { is: "silent" } : { is: "answered", milliseconds: 10, address: null },
    );
}

function levels(checkup: Checkup): Partial<Record<Check, Level>> {
  return Object.fromEntries(
    checkup.rows.map(({ check, verdict }) => [check, verdict?.level ?? "being tested"]),
  );
}
