import { introduce } from "./harness/person";
import { expect, test } from "./harness/test";

test("a disabled account is out at once, in mid-call, and comes back when enabled", async ({
  people,
}) => {
  const ada = await people.join("Ada");
  const ben = await people.join("Ben");
  await introduce(ada, ben);
  await ada.callButton(ben).click();
  await ben.call(ada).getByRole("button", { name: "Answer" }).click();
  await expect(ada.call(ben).getByRole("timer")).toBeVisible();
  await ada.call(ben).getByRole("button", { name: "Minimise call" }).click();

  const entry = await ada.managed(ben);
  await entry.getByRole("button", { name: "Disable the account of Ben" }).click();
  await ben.seesEntrance();
  await expect(entry).toContainText("disabled");
  await ben.fillSignIn(ben.account);
  await ben.page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(ben.page.getByRole("alert")).toContainText("This account is disabled.");

  await entry.getByRole("button", { name: "Enable the account of Ben" }).click();
  await expect(entry).not.toContainText("disabled");
  await ben.signIn();
});

test("a reset signs out everywhere and its link lets choose a new password, once", async ({
  people,
}) => {
  const ada = await people.join("Ada");
  const ben = await people.join("Ben");
  await ada.register();
  await ben.register();
  const entry = await ada.managed(ben);
  await entry.getByRole("button", { name: "Reset the password of Ben" }).click();
  await entry.getByRole("button", { name: "Reset it" }).click();
  const link = await entry.getByLabel("Link for a new password").inputValue();
  await ben.seesEntrance();

  const account = { ...ben.account, password: "what Ben likes better" };
  const again = await people.join("Ben", { account });
  await again.page.goto(link);
  await again.page.getByLabel("New password").fill("short");
  await again.page.getByRole("button", { name: "Keep this password" }).click();
  await expect(again.page.getByLabel("New password")).toHaveAccessibleDescription(/10/);
  await again.page.getByLabel("New password").fill(account.password);
  await again.page.getByRole("button", { name: "Keep this password" }).click();
  await expect(again.page.getByText("Your new password is kept.")).toBeVisible();
  await again.signIn();

  await ben.page.goto(link);
  await expect(ben.page.getByRole("alert")).toContainText("was used already");
  await ben.page.getByRole("button", { name: "Go to the sign-in" }).click();
  await ben.seesEntrance();
});

test("whoever is no administrator is offered nothing of it", async ({ people }) => {
  const ada = await people.join("Ada");
  const ben = await people.join("Ben");
  await ada.register();
  await ben.register();
  await ben.openAccount();
  await expect(ben.page.getByRole("button", { name: "Invite people" })).toBeHidden();
  await expect(ben.page.getByRole("button", { name: "Manage accounts" })).toBeHidden();
});
