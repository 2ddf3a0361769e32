import { Caller } from "./harness/calls";
import { introduce } from "./harness/person";
import { expect, test } from "./harness/test";

test("the callee rejects", async ({ people }) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  await ada.dial(ben);
  await ben.button(ada, "Reject").click();

  await expect(ada.call(ben)).toContainText("declined");
  await expect(ben.call(ada)).toBeHidden();
  await ada.ear.expectNothingHeld();
  await ben.ear.expectNothingHeld();
  expect(await ben.ear.tracksEver()).toBe(0);
  await expect(ada.person.timeline).toContainText("Call declined");
});

test("a call to somebody who is nowhere signed in ends soon", async ({ people }) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  await ben.person.page.goto("about:blank");
  await ada.dial(ben);

  await expect(ada.status(ben)).toContainText("Calling");
  await expect(ada.call(ben)).toContainText("not reachable");
  await ada.ear.expectNothingHeld();
});

test.describe("with a short ring", () => {
  test.use({ settings: { calls: { ring_timeout_ms: 2_000 } } });

  test("nobody answers", async ({ people }) => {
    const ada = await Caller.join(people, "Ada", 440);
    const ben = await Caller.join(people, "Ben", 1000);
    await introduce(ada.person, ben.person);
    await ada.dial(ben);
    await expect(ben.button(ada, "Answer")).toBeVisible();

    await expect(ada.call(ben)).toContainText("No answer");
    await expect(ben.button(ada, "Answer")).toBeHidden();
    await expect(ben.person.timeline).toContainText("Missed call");
    await ada.ear.expectNothingHeld();
    await ben.ear.expectNothingHeld();
  });
});
