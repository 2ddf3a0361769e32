/**
 * Calls between networks of every kind: each pair connects and both hear each other, on the way that
 * their kinds allow. Each leaves the time to its first sound in the report.
 */
import { everyPair, wayBetween } from "../harness/nat/kinds";
import { laboratoryObstacle, test } from "../harness/nat/laboratory";
import { expect } from "../harness/test";

/** A path is found within this, in milliseconds, or something is wrong; a busy machine takes a tenth. */
const FOUND_MS = 10_000;

const WORDS = { direct: "Direct", relayed: "Relayed" } as const;

const obstacle = laboratoryObstacle();

test.skip(obstacle !== null, `NOT CHECKED: ${obstacle ?? ""}`);

for (const [one, other] of everyPair()) {
  const { way, because } = wayBetween(one, other);
  test(`${one} and ${other}: ${way}`, async ({ laboratory }, info) => {
    const { ada, ben } = laboratory;
    await ada.settleIn(ada.network(one));
    await ben.settleIn(ben.network(other));
    const [caller, callee] = [ada.caller, ben.caller];

    await caller.dial(callee);
    const pressed = Date.now();
    await callee.answer(caller);
    await Promise.all([
      callee.ear.hears(caller.hertz, FOUND_MS),
      caller.ear.hears(callee.hertz, FOUND_MS),
    ]);
    const firstAudio = Date.now() - pressed;
    await caller.talks(callee);
    await callee.talks(caller);
    // The relay may be found first; sound then moves to the direct path by itself.
    for (const [own, theirs] of [
      [caller, callee],
      [callee, caller],
    ] as const) {
      await expect(own.route(theirs, WORDS[way]), because).toBeVisible({ timeout: FOUND_MS });
      expect(await own.ear.way(), because).toBe(way);
    }

    await caller.end(callee);
    await callee.dismiss(caller);
    await caller.dismiss(callee);
    info.annotations.push({ type: "first audio, ms", description: `${firstAudio}` });
  });
}
