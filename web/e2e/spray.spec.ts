import { Caller } from "./harness/calls";
import { introduce } from "./harness/person";
import { Spray } from "./harness/spray";
import { expect, test } from "./harness/test";

/** Sound that is away for less was not away: packets come late on a busy machine. */
const UNBROKEN_MS = 1_000;

test("a call connects and stays while a third party sends to the open ports of both devices", async ({
  people,
}) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  const pages = [ada.person.page, ben.person.page];
  const spray = await Spray.at(...pages);
  await introduce(ada.person, ben.person);
  await ada.dial(ben);
  // Nothing connects before the answer, and by then the packets come.
  await expect(ben.button(ada, "Answer")).toBeVisible();
  await spray.reaches(...pages);
  await ben.answer(ada);
  await ada.ear.hears(ben.hertz, 8_000);
  await ben.ear.hears(ada.hertz, 8_000);
  const heard = await ada.ear.during([ben.hertz], () => spray.goesOn(10_000));
  expect(heard.longestSilence).toBeLessThan(UNBROKEN_MS);
  for (const [one, other] of [
    [ada, ben],
    [ben, ada],
  ] as const) {
    // Nothing was taken that the other device has not given; browsers keep what they count for a moment.
    const taken = await one.ear.packetsTaken();
    expect(taken).toBeGreaterThan(0);
    await expect
      .poll(() => other.ear.packetsGiven(), { timeout: 1_000, intervals: [50] })
      .toBeGreaterThanOrEqual(taken);
  }
  await ada.talks(ben);
  await ben.talks(ada);
  await ben.ear.hears(ada.hertz);
  spray.stop();
});
