import { introduce, type Person } from "./harness/person";
import { expect, test } from "./harness/test";

/** The narrowest phone that is promised. */
const PHONE = { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true };

test("everything fits a phone of 360 pixels", async ({ people }) => {
  const ada = await people.join("Ada", { context: PHONE });
  const ben = await people.join("Bartholomäus Wolfeschlegelsteinhausen", { context: PHONE });
  await ada.page.goto("/");
  await expectToFit(ada);
  await ada.showRegistration();
  await expectToFit(ada);

  await introduce(ada, ben);
  await ada.sendMessage("Donaudampfschifffahrtsgesellschaftskapitän".repeat(5));
  await expectToFit(ada);
  await expectToFit(ben);

  await ada.page.goto("/");
  await ada.seesConversations();
  await expectToFit(ada);
  await ada.openAccount();
  await ada.page.getByRole("switch", { name: "Quiet hours" }).click();
  await ada.page.getByRole("radio", { name: "Until tomorrow" }).check();
  await expectToFit(ada);
  await ada.page.keyboard.press("Escape");
  await ada.page.getByRole("button", { name: /^Calls/ }).click();
  await expectToFit(ada);
});

async function expectToFit({ page }: Person): Promise<void> {
  const { content, window } = await page.evaluate(() => ({
    content: document.documentElement.scrollWidth,
    window: innerWidth,
  }));
  expect(content, "the page scrolls sideways").toBeLessThanOrEqual(window);
}
