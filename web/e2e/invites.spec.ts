import { expect, test } from "./harness/test";

test.use({ settings: { registration: "invite", search: "exact" } });

test("the first comes alone, invites the next, and the two can talk at once", async ({
  people,
}) => {
  const ada = await people.join("Ada Lovelace");
  await ada.page.goto("/");
  await expect(ada.page.getByText(/first one becomes the administrator/)).toBeVisible();
  await ada.register();

  const stranger = await people.join("Mallory");
  await stranger.page.goto("/");
  await expect(stranger.page.getByText(/by invitation\. Ask somebody/)).toBeVisible();
  await expect(stranger.page.getByRole("button", { name: "Create account" })).toBeHidden();

  const link = await ada.invite();
  const dialog = ada.page.getByRole("dialog", { name: "Invite people" });
  await expect(dialog.getByRole("listitem")).toHaveCount(1);
  await dialog.getByRole("button", { name: "Close" }).click();
  await ada.page
    .getByRole("dialog", { name: "Your account" })
    .getByRole("button", { name: "Close" })
    .click();

  const ben = await people.join("Ben");
  await ben.page.goto(link);
  await expect(ben.page.getByText("invites you")).toContainText("Ada Lovelace");
  await ben.registerBy(link);
  expect(new URL(ben.page.url()).hash, "the secret leaves the address").toBe("");

  await ada.openConversation(ben);
  await expect(ada.callButton(ben)).toBeEnabled();
  await ada.sendMessage("Welcome aboard");
  await ben.openConversation(ada);
  await ben.sees("Welcome aboard");

  await stranger.page.goto(link);
  await expect(stranger.page.getByText(/used up, withdrawn or expired/)).toBeVisible();
});

test("an invite from the host lets somebody in, and people are found by their whole username", async ({
  people,
  server,
}) => {
  const ada = await people.join("Ada");
  await ada.register();
  const link = server.command("invite").split("\n")[0] ?? "";
  const ben = await people.join("Ben Long");
  await ben.registerBy(link);

  await ada.page.getByLabel("Find people").fill("ben.lon");
  await expect(ada.page.getByText("Nobody has the username “ben.lon”.")).toBeVisible();
  await ada.findAndRequest(ben, "Hello Ben");
  await ben.accept(ada);
});

test("an invite that was withdrawn lets nobody in", async ({ people }) => {
  const ada = await people.join("Ada");
  await ada.register();
  const link = await ada.invite();
  const dialog = ada.page.getByRole("dialog", { name: "Invite people" });
  await dialog.getByRole("button", { name: /^Withdraw/ }).click();
  await expect(dialog.getByText("None.")).toBeVisible();
  await expect(dialog.getByLabel("Invite link")).toBeHidden();

  const ben = await people.join("Ben");
  await ben.page.goto(link);
  await expect(ben.page.getByText(/used up, withdrawn or expired/)).toBeVisible();
  await expect(ben.page.getByRole("button", { name: "Create account" })).toBeHidden();
});
