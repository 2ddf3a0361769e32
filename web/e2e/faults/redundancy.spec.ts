/** Redundancy of the sound on a connection that took the place of another in the same call: needs root. */
import { Caller, connect } from "../harness/calls";
import type { Namespace } from "../harness/network";
import { test as base } from "../harness/networkTest";
import { introduce } from "../harness/person";
import { Repeats } from "../harness/repeats";
import { expect, type Joining } from "../harness/test";

/** The 20 ms of sound in a packet, at 48,000 samples a second. */
const SAMPLES_PER_PACKET = 960;
/** So many losses are waited for: with a fifth lost, some of them in a row. */
const LOSSES = 40;

/** Somebody whose packets are counted, at a place that can be made to lose some. */
interface Counted {
  caller: Caller;
  repeats: Repeats;
  place: Namespace;
}

const test = base.extend<{
  join: (displayName: string, hertz: number, how?: Joining) => Promise<Counted>;
}>({
  join: async ({ people, network, server }, use) => {
    // Browsers lend microphones to pages of https and of this machine only; this one is neither.
    const switches = [`--unsafely-treat-insecure-origin-as-secure=${server.url}`];
    await use(async (displayName, hertz, how) => {
      const place = network.place(`at-${hertz}-hz`);
      const options = { network: place, switches, ...how };
      const caller = await Caller.join(people, displayName, hertz, options);
      return { caller, repeats: await Repeats.at(caller.person.page), place };
    });
  },
});

test("losses are made good by redundancy after a reload", async ({ join }) => {
  const [ada, ben] = [await join("Ada", 440), await join("Ben", 1000)];
  await introduce(ada.caller.person, ben.caller.person);
  await connect(ada.caller, ben.caller);
  await ben.caller.person.page.reload();
  await outliveLosses(ada, ben);
});

test("losses are made good by redundancy after a call moved to another device", async ({
  join,
}) => {
  const [ada, ben] = [await join("Ada", 440), await join("Ben", 1000)];
  const { person } = ben.caller;
  await introduce(ada.caller.person, person);
  await connect(ada.caller, ben.caller);
  const phone = await join("Ben", 1300, { account: person.account });
  await phone.caller.person.signIn();
  await person.vouchForNewDevice();
  await phone.caller.person.page.getByRole("button", { name: "Move call here" }).click();
  await outliveLosses(ada, phone);
});

/** Both hear each other, and go on without a gap although a fifth of what is sent to each is lost. */
async function outliveLosses(one: Counted, other: Counted): Promise<void> {
  await one.caller.ear.hears(other.caller.hertz, 8_000);
  await other.caller.ear.hears(one.caller.hertz, 8_000);
  for (const { place } of [one, other]) place.loseUdp(20);
  // Three earlier packets in each one, once the other side has reported what is missing.
  for (const { repeats } of [one, other]) await repeats.leave(3, 30_000);
  for (const { caller } of [one, other]) await losesWithoutGaps(caller);
  await one.caller.ear.hears(other.caller.hertz);
  await other.caller.ear.hears(one.caller.hertz);
}

async function losesWithoutGaps({ ear }: Caller): Promise<void> {
  const [lost, madeUp] = [await ear.packetsLost(), await ear.samplesMadeUp()];
  await expect
    .poll(() => ear.packetsLost(), { message: "packets lost", timeout: 30_000 })
    .toBeGreaterThan(lost + LOSSES);
  // What no packet made good the browser makes up: all of it, were nothing repeated.
  const unmade = ((await ear.samplesMadeUp()) - madeUp) / SAMPLES_PER_PACKET;
  expect(unmade).toBeLessThan(LOSSES / 4);
}
