import type { Locator } from "@playwright/test";

import { AuthenticatorApp } from "./harness/authenticator";
import type { Person } from "./harness/person";
import { expect, test } from "./harness/test";

test("a code of the app is asked for after the password, and is good once", async ({ people }) => {
  const ada = await people.join("Ada");
  await ada.register();
  const { app } = await setUpApp(ada);
  await ada.signOut();

  await enterPassword(ada);
  await expect(code(ada)).toBeFocused();
  await code(ada).fill("000000");
  await press(ada, "Continue");
  await expect(code(ada)).toHaveAccessibleDescription(/wrong/);
  const shown = app.next();
  await code(ada).fill(`${shown.slice(0, 3)} ${shown.slice(3)}`);
  await press(ada, "Continue");
  await ada.seesConversations();
  await ada.signOut();

  await enterPassword(ada);
  await code(ada).fill(shown);
  await press(ada, "Continue");
  await expect(code(ada)).toHaveAccessibleDescription(/used before/);
});

test("a recovery code lets in without the app, once, and the app can then be removed", async ({
  people,
}) => {
  const ada = await people.join("Ada");
  await ada.register();
  const { codes } = await setUpApp(ada);
  expect(codes).toHaveLength(10);
  const [first = "", second = ""] = codes;
  await ada.signOut();

  await enterPassword(ada);
  await press(ada, "Use a recovery code");
  await ada.page.getByLabel("Recovery code").fill(first.toUpperCase());
  await press(ada, "Continue");
  await ada.seesConversations();
  await expect(ada.page.getByRole("region", { name: "Recovery codes" })).toContainText(
    "9 are left",
  );
  await ada.signOut();

  await enterPassword(ada);
  await press(ada, "Use a recovery code");
  await ada.page.getByLabel("Recovery code").fill(first);
  await press(ada, "Continue");
  await expect(ada.page.getByLabel("Recovery code")).toHaveAccessibleDescription(/used before/);
  await ada.page.getByLabel("Recovery code").fill(second);
  await press(ada, "Continue");
  await ada.seesConversations();

  const settings = await openSecurity(ada);
  await press(ada, "Remove the app");
  await expect(settings.getByRole("button", { name: "Set up an app" })).toBeVisible();
  await expect(settings.getByRole("region", { name: "Recovery codes" })).toBeHidden();
  await closeSecurity(ada);
  await ada.page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
  await ada.signOut();
  await ada.signIn();
});

test("a new password ends the other sessions, and the old one opens nothing", async ({
  people,
}) => {
  const ada = await people.join("Ada");
  await ada.register();
  const other = await people.join("Ada", { account: ada.account });
  await other.signIn();

  const settings = await openSecurity(ada);
  await press(ada, "Change password");
  await settings.getByLabel("Password now").fill("not what she chose");
  await settings.getByLabel("New password").fill("a quite different one");
  await settings.getByRole("button", { name: "Change password" }).click();
  await expect(settings.getByLabel("Password now")).toHaveAccessibleDescription(
    /not your password/,
  );
  await settings.getByLabel("Password now").fill(ada.account.password);
  await settings.getByRole("button", { name: "Change password" }).click();

  await expect(settings).toContainText("Your other devices are signed out.");
  await other.seesEntrance();
  await ada.page.reload();
  await ada.seesConversations();

  await other.fillSignIn(other.account);
  await press(other, "Sign in");
  await expect(other.page.getByRole("alert")).toContainText(/wrong/);
  await other.fillSignIn({ ...other.account, password: "a quite different one" });
  await press(other, "Sign in");
  await other.seesConversations();
});

async function setUpApp(person: Person): Promise<{ app: AuthenticatorApp; codes: string[] }> {
  const settings = await openSecurity(person);
  await press(person, "Set up an app");
  await expect(settings.getByRole("img", { name: /QR code/ })).toBeVisible();
  const secret = await settings.locator("code").innerText();
  const app = new AuthenticatorApp(secret);
  await code(person).fill(app.next());
  await press(person, "Switch on");
  await expect(settings.getByRole("heading", { name: "Your recovery codes" })).toBeVisible();
  const codes = await settings.getByRole("listitem").allInnerTexts();
  await press(person, "I have kept them");
  await expect(settings.getByRole("region", { name: "Authenticator app" })).toContainText(
    "On since",
  );
  await closeSecurity(person);
  await person.page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
  return { app, codes };
}

async function openSecurity(person: Person): Promise<Locator> {
  await person.openAccount();
  await press(person, "Sign-in settings");
  const settings = person.page.getByRole("dialog", { name: "How you sign in" });
  await expect(settings.getByRole("region", { name: "Password" })).toBeVisible();
  return settings;
}

async function closeSecurity(person: Person): Promise<void> {
  const settings = person.page.getByRole("dialog", { name: "How you sign in" });
  await settings.getByRole("button", { name: "Close" }).click();
  await expect(settings).toBeHidden();
}

async function enterPassword(person: Person): Promise<void> {
  await person.fillSignIn(person.account);
  await press(person, "Sign in");
}

function code(person: Person): Locator {
  return person.page.getByLabel("Code from your app");
}

function press(person: Person, name: string): Promise<void> {
  return person.page.getByRole("button", { name, exact: true }).click();
}
