/**
 * Two people who call each other at about the same moment, many times over.
 *
 * The moments come from a generator with a seed, which is printed; `AHOY_SEED=… ` plays them again.
 */
import { Caller } from "../harness/calls";
import { introduce } from "../harness/person";
import { generator } from "../harness/random";
import { expect, type People, test } from "../harness/test";

const RUNS = 200;
/** A call connects within this or fails, in milliseconds; how soon it does is for a benchmark. */
const CONNECTED_WITHIN = 15_000;
/** Pairs that call at the same time, each pair on its own; waiting is most of a run. */
const PAIRS = 2;
/** How often others take their turn: an account may start twenty calls, and one each five seconds. */
const TURNS = 4;
/** What moves on the screen is painted by the processor, which has two pairs to serve. */
const STILL = { context: { reducedMotion: "reduce" } } as const;
/** How long after the first the second one presses, at most, in milliseconds. */
const OFFSET_MAX = 1_000;

test(`fault 5: ${RUNS} times two people call each other at once, and there is one call`, async ({
  people,
}) => {
  test.setTimeout(900_000);
  const random = generator("glare");
  const offsets = Array.from({ length: RUNS }, () => Math.floor(random() * (OFFSET_MAX + 1)));
  const each = RUNS / TURNS / PAIRS;
  for (let turn = 0; turn < TURNS; turn += 1) {
    const pairs = await Promise.all(
      Array.from({ length: PAIRS }, (_, pair) => pairOf(people, turn * PAIRS + pair)),
    );
    await Promise.all(
      pairs.map(async ([ada, ben], pair) => {
        const begin = (turn * PAIRS + pair) * each;
        for (const [run, offset] of offsets.slice(begin, begin + each).entries()) {
          const [first, second] = run % 2 === 0 ? [ada, ben] : [ben, ada];
          await test.step(`${ada.person.displayName}, run ${run}, ${offset} ms apart`, () =>
            callEachOther(first, second, offset, run));
        }
      }),
    );
  }
});

async function pairOf(people: People, number: number): Promise<readonly [Caller, Caller]> {
  const ada = await Caller.join(people, `Ada ${number}`, 440, STILL);
  const ben = await Caller.join(people, `Ben ${number}`, 1000, STILL);
  await introduce(ada.person, ben.person);
  return [ada, ben];
}

/** One run, from the press of the first to an idle screen at both. */
async function callEachOther(
  first: Caller,
  second: Caller,
  offset: number,
  before: number,
): Promise<void> {
  for (const [one, other] of [
    [first, second],
    [second, first],
  ] as const) {
    await expect(one.person.callButton(other.person)).toBeEnabled();
  }
  await Promise.all([press(first, 0), press(second, offset)]);
  try {
    await first.ear.hears(second.hertz, CONNECTED_WITHIN);
    await second.ear.hears(first.hertz, CONNECTED_WITHIN);
  } catch (error) {
    // What both screens said is what tells a lost press from a lost call.
    const said = await Promise.all([first, second].map(({ ear }) => ear.statuses()));
    const story = said.map((lines) => JSON.stringify(lines.slice(-8))).join("\n");
    throw new Error(`${offset} ms apart, ${first.person.displayName} first:\n${story}`, {
      cause: error,
    });
  }
  for (const [one, other] of [
    [first, second],
    [second, first],
  ] as const) {
    await one.talks(other);
    expect(await one.ear.openConnections(), "connections").toBe(1);
  }
  await first.end(second);
  await expect(second.button(first, "End call")).toBeHidden();
  for (const [one, other] of [
    [first, second],
    [second, first],
  ] as const) {
    await one.ear.expectNothingHeld();
    await one.dismiss(other);
    await expect(one.person.timeline.getByText("Voice call")).toHaveCount(before + 1);
    await expect(one.person.timeline.getByText("Missed call")).toHaveCount(0);
  }
}

/** Presses what the person finds at that moment: the phone icon, or *Answer* if the other one was faster. */
async function press(caller: Caller, after: number): Promise<void> {
  await caller.person.page.evaluate(async (wait) => {
    await new Promise((resolve) => setTimeout(resolve, wait));
    const named = (pattern: RegExp): HTMLButtonElement | undefined =>
      [...document.querySelectorAll("button")].find(
        (button) =>
          !button.disabled &&
          button.checkVisibility() &&
          pattern.test(button.ariaLabel ?? button.textContent.trim()),
      );
    for (;;) {
      const control = named(/^Answer$/) ?? named(/^Call (Ada|Ben) \d$/);
      if (control) return control.click();
      // The screen is just being drawn anew.
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
  }, after);
}
