import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { IceServers } from "../protocol/IceServers";
import type { RelayAccess } from "../protocol/RelayAccess";
import { Access, FIRST_PATIENCE_MS, iceServers, LATER_PATIENCE_MS } from "./access";

const CALL = "call";
const MINUTES_MS = 60_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

test("paths are looked for as soon as the server gives access", async () => {
  const it = setUp();
  const configuration = it.access.fresh();
  expect(it.asked).toBe(0);
  // The caller's call has an id only now.
  it.access.mayAskFor(CALL);
  await it.answer(access("one"));
  expect(await configuration).toEqual({
    iceServers: iceServers("ahoy.example", 3478, access("one")),
    iceTransportPolicy: "all",
  });
  expect(await it.access.fresh()).toEqual(await configuration);
  expect([it.asked, it.renewed]).toEqual([1, 0]);
});

test("a server that does not answer is waited for a moment, and its late answer is told", async () => {
  const it = setUp();
  it.access.mayAskFor(CALL);
  const configuration = it.access.fresh();
  await vi.advanceTimersByTimeAsync(FIRST_PATIENCE_MS);
  expect((await configuration).iceServers).toEqual([{ urls: "stun:ahoy.example:3478" }]);
  expect(it.renewed).toBe(0);
  await it.answer(access("one"));
  expect(it.renewed).toBe(1);
  expect((await it.access.fresh()).iceServers).toHaveLength(2);
});

test("a server that may have restarted is asked again, and its access is told as renewed", async () => {
  const it = setUp();
  it.access.mayAskFor(CALL);
  await it.answer(access("one"));
  await it.access.fresh();
  it.access.lineIsBack();
  expect(it.asked).toBe(2);
  await it.answer(access("two"));
  expect(it.renewed).toBe(1);
});

test("an access that comes in time is not told as renewed", async () => {
  const it = setUp();
  it.access.mayAskFor(CALL);
  await it.answer(access("one"));
  await it.access.fresh();
  it.access.lineIsBack();
  const configuration = it.access.fresh();
  await it.answer(access("two"));
  expect(user(await configuration)).toBe("two");
  expect(it.renewed).toBe(0);
});

test("an access that runs out is asked for anew, and used where the server is away", async () => {
  const it = setUp();
  it.access.mayAskFor(CALL);
  await it.answer(access("one"));
  vi.advanceTimersByTime(10 * MINUTES_MS);
  const configuration = it.access.fresh();
  expect(it.asked).toBe(2);
  await it.refuse();
  await vi.advanceTimersByTimeAsync(LATER_PATIENCE_MS);
  expect(user(await configuration)).toBe("one");
  it.access.lineIsBack();
  expect(it.asked).toBe(3);
});

test("nothing is asked and waited for where the host has no relay", async () => {
  const it = setUp({ relay: "off" });
  it.access.mayAskFor(CALL);
  const { iceServers: servers } = await it.access.fresh();
  expect(servers).toEqual([{ urls: "stun:ahoy.example:3478" }]);
  expect(it.asked).toBe(0);
});

test("whoever hides their address looks through the relay alone, whatever is known of it", async () => {
  const it = setUp({ hides: true });
  expect(it.access.known.iceTransportPolicy).toBe("relay");
  it.access.mayAskFor(CALL);
  const configuration = it.access.fresh();
  await vi.advanceTimersByTimeAsync(FIRST_PATIENCE_MS);
  expect((await configuration).iceTransportPolicy).toBe("relay");
  await it.answer(access("one"));
  expect(it.access.known.iceTransportPolicy).toBe("relay");
});

test("the server's word makes a device hide its address as well", async () => {
  const it = setUp();
  expect(it.access.known.iceTransportPolicy).toBe("all");
  it.access.mayAskFor(CALL);
  await it.answer({ ...access("one"), policy: "relay_only" });
  expect(it.access.known.iceTransportPolicy).toBe("relay");
});

test("nothing of a call is left for the next one", async () => {
  const it = setUp();
  it.access.mayAskFor(CALL);
  await it.answer(access("one"));
  await it.access.fresh();
  it.access.mayAskFor("another");
  it.access.end();
  expect(it.access.known.iceTransportPolicy, "with nobody").toBe("relay");
  it.access.talksIn("carol");
  await it.answer(access("late"));
  expect(user(it.access.known)).toBeUndefined();
  expect(it.renewed).toBe(0);
});

test("the ways to the relay keep the server's order", () => {
  const [stun, relay] = iceServers("[2001:db8::1]", 3478, access("one"));
  expect(stun).toEqual({ urls: "stun:[2001:db8::1]:3478" });
  expect(relay).toEqual({
    urls: [
      "turn:[2001:db8::1]:3478?transport=udp",
      "turn:[2001:db8::1]:3478?transport=tcp",
      "turns:[2001:db8::1]:443?transport=tcp",
    ],
    username: "one",
    credential: "secret",
  });
  expect(iceServers("ahoy.example", null, null)).toEqual([]);
  expect(iceServers("ahoy.example", null, { ...access("one"), servers: [] })).toEqual([]);
});

function setUp({
  relay = "fallback",
  hides = false,
}: Partial<IceServers & { hides: boolean }> = {}) {
  const waiting: {
    resolve: (access: RelayAccess) => void;
    reject: (error: Error) => void;
  }[] = [];
  const it = {
    asked: 0,
    renewed: 0,
    async answer(access: RelayAccess): Promise<void> {
      waiting.shift()?.resolve(access);
      await vi.advanceTimersByTimeAsync(0);
    },
    async refuse(): Promise<void> {
      waiting.shift()?.reject(new Error("no line"));
      await vi.advanceTimersByTimeAsync(0);
    },
    access: new Access({
      hostname: "ahoy.example",
      rules: () => ({ ice: { stun_port: 3478, relay }, hidesFrom: () => hides }),
      ask: () => {
        it.asked += 1;
        return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
      },
      renewed: () => {
        it.renewed += 1;
      },
    }),
  };
  it.access.talksIn("ben");
  return it;
}

function access(username: string): RelayAccess {
  return {
    policy: "any",
    servers: [
      { transport: "udp", port: 3478 },
      { transport: "tcp", port: 3478 },
      { transport: "tls", port: 443 },
    ],
    username,
    password: "secret",
    expires_in: 10 * MINUTES_MS,
  };
}

const user = (configuration: RTCConfiguration) => configuration.iceServers?.at(-1)?.username;
