/** A network that changes or breaks under a call, with real addresses and real cables: needs root. */
import { Caller, connect } from "../harness/calls";
import type { Network } from "../harness/network";
import { test } from "../harness/networkTest";
import { introduce } from "../harness/person";
import type { AhoyServer } from "../harness/server";
import { expect, type People } from "../harness/test";

test("fault 8: another network in mid-call, and both hear each other within five seconds", async ({
  people,
  network,
  server,
}) => {
  const { ada, ben, adasPlace } = await apart(people, network, server);
  await connect(ada, ben);
  const before = await ada.timer(ben).textContent();
  adasPlace.replace();
  // From here on nothing that is heard came by the old network.
  await Promise.all([ada.ear.soundsAgain(ben.hertz, 5_000), ben.ear.soundsAgain(ada.hertz, 5_000)]);
  await ada.talks(ben);
  await ben.talks(ada);
  expect((await ada.timer(ben).textContent()) ?? "").toMatch(/^\d\d:\d\d$/);
  expect(((await ada.timer(ben).textContent()) ?? "") >= (before ?? "")).toBe(true);
  await ada.end(ben);
  await expect(ben.call(ada)).toContainText("Ada hung up");
  await expect(ben.person.timeline.getByText("Voice call")).toHaveCount(1);
});

test("where packets are lost, each repeats more of those before, and the voice goes on", async ({
  people,
  network,
  server,
}) => {
  const { ada, ben, adasPlace } = await apart(people, network, server);
  await connect(ada, ben);
  const before = await ben.ear.bytesPerPacket();
  adasPlace.loseUdp(20);
  // Three earlier packets in place of one, once the other side has reported what is missing.
  await expect
    .poll(() => ben.ear.bytesPerPacket(), { timeout: 30_000 })
    .toBeGreaterThan(1.8 * before);
  await ada.talks(ben);
  await ben.talks(ada);
});

test.describe("with little patience", () => {
  // With a relay the sound would find its way by TCP.
  const calls = { lost_after_ms: 5_000, restart_after_ms: 500 };
  test.use({ settings: { calls, relay: { mode: "off" } } });

  test("fault 11: a call that breaks off says so at both ends, with a tone", async ({
    people,
    network,
    server,
  }) => {
    const { ada, ben, adasPlace } = await apart(people, network, server);
    await connect(ada, ben);
    adasPlace.dropUdp();
    for (const [one, other] of [
      [ada, ben],
      [ben, ada],
    ] as const) {
      await expect(one.status(other)).toContainText("Reconnecting", { timeout: 15_000 });
    }
    await expect(ada.call(ben)).toContainText("Connection lost", { timeout: 20_000 });
    await expect(ben.call(ada)).toContainText("Connection lost", { timeout: 2_000 });
    for (const { ear } of [ada, ben]) {
      expect((await ear.tones()).at(-1)?.sound).toBe("end");
      await ear.expectNothingHeld();
    }
    adasPlace.passUdp();
  });
});

/** Ada and Ben, each at a place of their own in the network. */
async function apart(
  people: People,
  network: Network,
  server: AhoyServer,
): Promise<{ ada: Caller; ben: Caller; adasPlace: ReturnType<Network["place"]> }> {
  // Browsers lend microphones to pages of https and of this machine only; this one is neither.
  const switches = [`--unsafely-treat-insecure-origin-as-secure=${server.url}`];
  const adasPlace = network.place("ada");
  const ada = await Caller.join(people, "Ada", 440, { network: adasPlace, switches });
  const ben = await Caller.join(people, "Ben", 1000, { network: network.place("ben"), switches });
  await introduce(ada.person, ben.person);
  return { ada, ben, adasPlace };
}
