import type { Locator } from "@playwright/test";

import { introduce, type Person } from "./harness/person";
import { expect, test } from "./harness/test";

/** More stops than any view has. */
const STOPS_MAX = 60;

test("registering, finding, writing and accepting need no mouse", async ({ people }) => {
  const ada = await people.join("Ada");
  const ben = await people.join("Ben");
  await ben.register();

  await ada.page.goto("/");
  await tabTo(ada, ada.page.getByRole("button", { name: "Create account" }));
  await ada.page.keyboard.press("Enter");
  await expect(ada.page.getByLabel("Display name")).toBeVisible();
  const { username, displayName, password } = ada.account;
  for (const [field, text] of [
    ["Username", username],
    ["Display name", displayName],
    ["Password", password],
  ] as const) {
    await tabTo(ada, ada.page.getByLabel(field, { exact: true }));
    await ada.page.keyboard.type(text);
  }
  await ada.page.keyboard.press("Enter");
  await ada.seesConversations();

  await tabTo(ada, ada.page.getByLabel("Find people"));
  await ada.page.keyboard.type("ben");
  await tabTo(ada, ada.searchResult(ben));
  await ada.page.keyboard.press("Enter");
  await tabTo(ada, ada.messageField);
  await ada.page.keyboard.type("Hello by hand");
  await ada.page.keyboard.press("Enter");
  await ada.sees("Hello by hand");
  await expect(ada.messageField).toBeFocused();

  await tabTo(ben, ben.conversation(ada));
  await ben.page.keyboard.press("Enter");
  await tabTo(ben, ben.page.getByRole("button", { name: "Accept", exact: true }));
  await ben.page.keyboard.press("Enter");
  await expect(ben.callButton(ada)).toBeEnabled();
});

test("a dialog keeps the focus inside and gives it back", async ({ people }) => {
  const ada = await people.join("Ada");
  await ada.register();
  const opener = ada.page.getByRole("button", { name: "Your account" });
  await tabTo(ada, opener);
  await ada.page.keyboard.press("Enter");
  const dialog = ada.page.getByRole("dialog");
  await expect(dialog).toBeVisible();

  for (let i = 0; i < STOPS_MAX; i += 1) {
    await ada.page.keyboard.press("Tab");
    const outside = await ada.page.evaluate(
      () =>
        document.activeElement?.closest("dialog, body > :not(#app)") === null &&
        document.activeElement !== document.body,
    );
    expect(outside, "the focus left the dialog").toBe(false);
  }
  await ada.page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(opener).toBeFocused();
});

test("a control that waits for the server keeps the focus, and keys work meanwhile", async ({
  people,
  server,
}) => {
  const ada = await people.join("Ada");
  const ben = await people.join("Ben");
  await introduce(ada, ben);
  const opener = ada.page.getByRole("button", { name: "About Ben" });
  const mute = ada.page.getByRole("switch", { name: "Mute" });
  await tabTo(ada, opener);
  await ada.page.keyboard.press("Enter");
  await tabTo(ada, mute);
  server.freeze();
  await ada.page.keyboard.press("Space");
  await expect(mute).toBeChecked();
  await expect(mute).toBeFocused();
  await ada.page.keyboard.press("Escape");
  await expect(ada.page.getByRole("dialog")).toBeHidden();

  server.thaw();
  await ada.page.keyboard.press("Enter");
  await expect(mute).toBeChecked();
});

/** Presses Tab until that control has the focus and shows it, as somebody does who watches the ring. */
async function tabTo({ page }: Person, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  for (let i = 0; i < STOPS_MAX; i += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) {
      expect(await target.evaluate(showsFocus), `${target.toString()} shows the focus`).toBe(true);
      return;
    }
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab never reached ${target.toString()}`);
}

/** A ring, on the control or drawn by what is around it. */
function showsFocus(element: Element): boolean {
  for (const around of [element, element.parentElement]) {
    if (around !== null) {
      const { outlineStyle, boxShadow } = getComputedStyle(around);
      if (outlineStyle !== "none" || boxShadow !== "none") {
        return true;
      }
    }
  }
  return false;
}
