import { introduce } from "./harness/person";
import { expect, test } from "./harness/test";

/** More than two pages of history. */
const MESSAGES = 120;

test("a long conversation loads page by page, in order and without a gap", async ({ people }) => {
  const ada = await people.join("Ada");
  const ben = await people.join("Ben");
  await introduce(ada, ben);
  for (let i = 1; i <= MESSAGES; i += 1) {
    await ada.messageField.fill(`message ${i}`);
    await ada.messageField.press("Enter");
  }
  await ada.sees(`message ${MESSAGES}`);

  await ben.page.reload();
  await ben.openConversation(ada);
  await ben.sees(`message ${MESSAGES}`);
  await expect(ben.message("message 1")).toHaveCount(0);

  // Scrolling up loads what is older, until there is no more.
  await ben.timeline.hover();
  await expect(async () => {
    await ben.page.mouse.wheel(0, -100_000);
    await expect(ben.message("message 1")).toHaveCount(1, { timeout: 500 });
  }).toPass();

  const shown = await ben.timeline.getByText(/^message \d+$/).allInnerTexts();
  expect(shown).toEqual(Array.from({ length: MESSAGES }, (_, i) => `message ${i + 1}`));
});
