import { accountOf } from "./harness/person";
import { expect, test } from "./harness/test";

test("an account is made, left and entered again", async ({ people }) => {
  const ada = await people.join("Ada Lovelace");
  await ada.register();
  await ada.signOut();

  await ada.signIn();
  await ada.page.reload();
  await ada.seesConversations();
});

test("a wrong password is told, and the right one still works", async ({ people }) => {
  const ada = await people.join("Ada Lovelace");
  await ada.register();
  await ada.signOut();

  await ada.fillSignIn({ ...ada.account, password: "not what she chose" });
  await ada.page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(ada.page.getByRole("alert")).toContainText(/wrong/);
  await expect(ada.page.getByLabel("Username")).toHaveValue(ada.account.username);

  await ada.signIn();
});

test("a username that somebody has is told beside its field", async ({ people }) => {
  const ada = await people.join("Ada Lovelace");
  await ada.register();
  const other = await people.join("Ada Lovelace");
  await other.page.goto("/");
  await other.showRegistration();

  await other.fillRegistration({ ...other.account, displayName: "Another Ada" });
  await other.page.getByRole("button", { name: "Create account" }).click();

  const username = other.page.getByLabel("Username");
  await expect(username).toHaveAccessibleDescription(/taken|somebody has/i);
  await username.fill("another.ada");
  await other.page.getByRole("button", { name: "Create account" }).click();
  await other.seesConversations();
});

test("each field says what is wrong with it before anything is sent", async ({ people }) => {
  const ada = await people.join("Ada Lovelace");
  await ada.page.goto("/");
  await ada.showRegistration();
  let sent = 0;
  ada.page.on("request", (request) => {
    sent += request.method() === "POST" && request.url().endsWith("/accounts") ? 1 : 0;
  });

  await ada.fillRegistration({ username: "ad", displayName: " ", password: "short" });
  await ada.page.getByRole("button", { name: "Create account" }).click();

  const field = (name: string) => ada.page.getByLabel(name, { exact: true });
  await expect(field("Username")).toHaveAccessibleDescription(/3/);
  await expect(field("Display name")).toHaveAccessibleDescription(/.+/);
  await expect(field("Password")).toHaveAccessibleDescription(/10/);
  expect(sent).toBe(0);

  await ada.fillRegistration(accountOf("Ada Lovelace"));
  await ada.page.getByRole("button", { name: "Create account" }).click();
  await ada.seesConversations();
});
