/**
 * What happens to networks in mid-call, between people behind NAT: both hear each other again within
 * five seconds of the moment when that is possible again, in the same call.
 */
import { type Caller, connect } from "../harness/calls";
import type { NatKind } from "../harness/nat/kinds";
import { type Laboratory, laboratoryObstacle, test } from "../harness/nat/laboratory";
import { expect } from "../harness/test";

const AGAIN_MS = 5_000;

const obstacle = laboratoryObstacle();

test.skip(obstacle !== null, `NOT CHECKED: ${obstacle ?? ""}`);

test("another network and back: both hear each other again within five seconds", async ({
  laboratory,
}) => {
  const { ada } = laboratory;
  const call = await talking(laboratory, "port-restricted", "port-restricted");
  for (const network of [ada.network("port-restricted", "at work"), ada.network("full-cone")]) {
    await call.breaksAndHeals(() => ada.moveTo(network));
  }
  await call.ends();
});

test("a router that restarts and forgets every mapping: heard again within five seconds", async ({
  laboratory,
}) => {
  const { ada } = laboratory;
  const call = await talking(laboratory, "port-restricted", "port-restricted");
  await call.breaksAndHeals(() => ada.network("port-restricted").reboot());
  await call.ends();
});

test("a device that sleeps in mid-call: heard again within five seconds of waking", async ({
  laboratory,
}) => {
  const { ada, ben } = laboratory;
  const call = await talking(laboratory, "port-restricted", "port-restricted");
  ada.device.sleep();
  await expect(ben.caller.status(ada.caller)).toContainText("Reconnecting", { timeout: 15_000 });
  await ben.caller.ear.hearsSilence(ada.caller.hertz);
  ada.device.wake();
  await call.isHeard();
  await call.ends();
});

/** A call under way. */
interface Conversation {
  /** Something breaks the sound both ways; it is back in time, and it is still the same call. */
  breaksAndHeals(what: () => void): Promise<void>;
  /** Both hear each other in time. */
  isHeard(): Promise<void>;
  ends(): Promise<void>;
}

/** Ada and Ben talk, each in a network of that kind. */
async function talking(
  laboratory: Laboratory,
  adas: NatKind,
  bens: NatKind,
): Promise<Conversation> {
  const { ada, ben } = laboratory;
  await ada.settleIn(ada.network(adas));
  await ben.settleIn(ben.network(bens));
  const [caller, callee] = [ada.caller, ben.caller];
  const records = callee.person.timeline.getByText("Voice call");
  const before = await records.count();
  await connect(caller, callee);
  return {
    breaksAndHeals: async (what) => {
      const running = await secondsOf(caller, callee);
      what();
      await Promise.all([
        caller.ear.soundsAgain(callee.hertz, AGAIN_MS),
        callee.ear.soundsAgain(caller.hertz, AGAIN_MS),
      ]);
      expect(await secondsOf(caller, callee)).toBeGreaterThanOrEqual(running);
    },
    isHeard: async () => {
      await Promise.all([
        caller.ear.hears(callee.hertz, AGAIN_MS),
        callee.ear.hears(caller.hertz, AGAIN_MS),
      ]);
    },
    ends: async () => {
      await caller.talks(callee);
      await callee.talks(caller);
      await caller.end(callee);
      await callee.dismiss(caller);
      await caller.dismiss(callee);
      await expect(records).toHaveCount(before + 1);
    },
  };
}

/** How long the call has been going on, by the screen. */
async function secondsOf(one: Caller, other: Caller): Promise<number> {
  const [minutes = NaN, seconds = NaN] = ((await one.timer(other).textContent()) ?? "")
    .split(":")
    .map(Number);
  return minutes * 60 + seconds;
}
