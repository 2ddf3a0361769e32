import type { Person } from "./harness/person";
import { expect, test } from "./harness/test";

test("registering, finding, writing and accepting need no mouse", async ({ people }) => {
  const ada = await people.join("Ada");
  const ben = await people.join("Ben");
  await ben.register();

  await ada.page.goto("/");
  await tabTo(ada, "Create account");
  await ada.page.keyboard.press("Enter");
  for (const [field, text] of [
    ["Display name", ada.displayName],
    ["Username", ada.account.username],
    ["Password", ada.account.password],
  ] as const) {
    await tabTo(ada, field);
    await ada.page.keyboard.type(text);
  }
  await ada.page.keyboard.press("Enter");
  await ada.seesConversations();

  await tabTo(ada, "Find people");
  await ada.page.keyboard.type("ben");
  await expect(ada.searchResult(ben)).toBeVisible();
  await ada.page.keyboard.press("ArrowDown");
  await ada.page.keyboard.press("Enter");
  await expect(ada.messageField).toBeFocused();
  await ada.page.keyboard.type("Hello by hand");
  await ada.page.keyboard.press("Enter");
  await ada.sees("Hello by hand");

  await tabTo(ben, "Ada");
  await ben.page.keyboard.press("Enter");
  await tabTo(ben, "Accept");
  await ben.page.keyboard.press("Enter");
  await expect(ben.callButton(ada)).toBeEnabled();
});

/** Presses Tab until something of that name has the focus, as somebody does who sees the focus ring. */
async function tabTo({ page }: Person, name: string): Promise<void> {
  const stops: string[] = [];
  for (let i = 0; i < 60; i += 1) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement | null;
      const label = (element as HTMLInputElement | null)?.labels?.[0]?.textContent;
      return (element?.getAttribute("aria-label") ?? label ?? element?.textContent ?? "").trim();
    });
    stops.push(focused);
    if (focused.startsWith(name)) {
      const outline = await page.evaluate(() => {
        const style = getComputedStyle(document.activeElement ?? document.body);
        return style.outlineStyle !== "none" || style.boxShadow !== "none";
      });
      expect(outline, `${name} shows that it has the focus`).toBe(true);
      return;
    }
  }
  throw new Error(`Tab never reached ${name}: ${stops.join(" → ")}`);
}
