import { Caller } from "./harness/calls";
import { Disorder, type Fate } from "./harness/disorder";
import { introduce } from "./harness/person";
import { expect, type People, test } from "./harness/test";

const HEALED: readonly (readonly [string, Readonly<Record<string, Fate>>])[] = [
  ["tells of a call after everything in it", { call: "late" }],
  ["says everything twice", { call: "twice", description: "twice", candidates: "twice" }],
  ["keeps all paths of the other side to itself", { candidates: "never" }],
];

for (const [what, fates] of HEALED) {
  test(`a call is heard although the server ${what}`, async ({ people }) => {
    const { ada, ben, disorder } = await behind(people, fates);
    disorder.active = true;
    await ada.dial(ben);
    await ben.answer(ada);
    await ada.ear.hears(ben.hertz, 8_000);
    await ben.ear.hears(ada.hertz, 8_000);
    expect(disorder.meddled).toBeGreaterThan(0);
    const seen = await ada.pictures(ben);
    expect(await ben.pictures(ada)).toEqual(seen);
  });
}

/** The disorder is before the page of Ben, who is called: he is told of paths in frames of their own. */
async function behind(
  people: People,
  fates: Readonly<Record<string, Fate>>,
): Promise<{ ada: Caller; ben: Caller; disorder: Disorder }> {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  const disorder = await Disorder.at(ben.person.page, fates);
  await introduce(ada.person, ben.person);
  return { ada, ben, disorder };
}
