import { Caller } from "./harness/calls";
import { introduce } from "./harness/person";
import { expect, test } from "./harness/test";

test("two devices ring, the first to answer wins and the other says so", async ({ people }) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  const phone = await Caller.join(people, "Ben", 1300, { account: ben.person.account });
  await phone.person.signIn();

  await ada.dial(ben);
  await expect(ada.status(ben)).toContainText("Ringing on 2 devices");
  await expect(ben.button(ada, "Answer")).toBeVisible();
  await phone.answer(ada);

  await ada.ear.hears(phone.hertz);
  await phone.ear.hears(ada.hertz);
  await expect(ben.call(ada)).toContainText("Answered on", { timeout: 1_000 });
  await ben.ear.expectNothingHeld();
  expect(await ben.ear.tracksEver()).toBe(0);

  await phone.end(ada);
  await expect(ada.call(ben)).toContainText("Ben hung up");
  await ada.ear.expectNothingHeld();
});

test("a reject on one device stops the other", async ({ people }) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  const phone = await Caller.join(people, "Ben", 1300, { account: ben.person.account });
  await phone.person.signIn();
  await ada.dial(ben);
  await expect(phone.button(ada, "Answer")).toBeVisible();
  await ben.button(ada, "Reject").click();

  await expect(phone.button(ada, "Answer")).toBeHidden({ timeout: 1_000 });
  await expect(ada.call(ben)).toContainText("declined");
});

test("two people who call each other at once have one call", async ({ people }) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  const both = [ada.person.callButton(ben.person), ben.person.callButton(ada.person)];
  await Promise.all(both.map((button) => button.click({ noWaitAfter: true })));

  await Promise.all([getThrough(ada, ben), getThrough(ben, ada)]);
  await ada.ear.hears(ben.hertz);
  await ben.ear.hears(ada.hertz);
  await ada.end(ben);
  await ben.ear.expectNothingHeld();
  await expect(ada.person.timeline.getByText("Voice call")).toHaveCount(1);
});

/** Whoever was too slow to call is rung instead, and answers. */
async function getThrough(caller: Caller, other: Caller): Promise<void> {
  const answer = caller.button(other, "Answer");
  await expect(caller.timer(other).or(answer)).toBeVisible();
  if (await answer.isVisible()) await caller.answer(other);
}
