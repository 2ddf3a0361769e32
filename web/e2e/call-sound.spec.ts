import type { Page } from "@playwright/test";

import { Caller } from "./harness/calls";
import { introduce } from "./harness/person";
import { expect, test } from "./harness/test";

test("a page that nobody touched says that its ring is held back, and a tap lets it sound", async ({
  people,
}) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  await ben.person.page.reload();
  await ada.dial(ben);
  await expectTextUntouched(ben.person.page, "Tap to hear");

  const tap = ben.button(ada, "Tap to hear");
  await expect(tap).toBeVisible();
  await tap.click();
  await expect(tap).toBeHidden();
  await ben.answer(ada);
  await ben.ear.hears(ada.hertz);
});

/** Waits for a text without a touch: whatever Playwright itself runs in a page counts as one. */
async function expectTextUntouched(page: Page, text: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const evaluate = async (expression: string): Promise<unknown> => {
    const { result } = await session.send("Runtime.evaluate", { expression, userGesture: false });
    return result.value;
  };
  await expect
    .poll(() => evaluate(`document.body.innerText.includes(${JSON.stringify(text)})`))
    .toBe(true);
  expect(await evaluate("navigator.userActivation.hasBeenActive")).toBe(false);
  await session.detach();
}
