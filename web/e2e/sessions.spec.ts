import { expect, test } from "./harness/test";

test("ending another session signs its device out at once", async ({ people }) => {
  const ada = await people.join("Ada");
  await ada.register();
  const stolen = await people.join("Ada", { account: ada.account });
  await stolen.signIn();

  await ada.openAccount();
  await expect(ada.sessions).toHaveCount(2);
  await ada.sessions
    .filter({ hasNotText: /this device/i })
    .getByRole("button", { name: /^Sign out/ })
    .click();

  await stolen.seesEntrance();
  await expect(ada.sessions).toHaveCount(1);
  await stolen.page.reload();
  await stolen.seesEntrance();
});

test("signing in again on the same device is still one session", async ({ people }) => {
  const ada = await people.join("Ada");
  await ada.register();
  await ada.signOut();
  await ada.signIn();

  await ada.openAccount();
  await expect(ada.sessions).toHaveCount(1);
});

test("signing out everywhere leaves no device signed in", async ({ people }) => {
  const ada = await people.join("Ada");
  await ada.register();
  const other = await people.join("Ada", { account: ada.account });
  await other.signIn();

  await ada.openAccount();
  await ada.page.getByRole("button", { name: "Sign out everywhere" }).click();
  await ada.page.getByRole("button", { name: "Yes, sign out everywhere" }).click();

  await ada.seesEntrance();
  await other.seesEntrance();
  await ada.page.reload();
  await ada.seesEntrance();
});
