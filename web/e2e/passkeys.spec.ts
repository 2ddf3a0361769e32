import type { Locator } from "@playwright/test";

import { Passkeys } from "./harness/authenticator";
import type { Person } from "./harness/person";
import { expect, test } from "./harness/test";

test("a passkey signs in without name and password, until it is removed", async ({ people }) => {
  const ada = await people.join("Ada");
  await ada.register();
  const passkeys = await Passkeys.in(ada);
  const settings = await openSecurity(ada);
  await addPasskey(ada, settings);
  expect(await passkeys.count()).toBe(1);
  const row = settings.getByRole("region", { name: "Passkeys" }).getByRole("listitem");
  await row.getByRole("button", { name: /^Rename/ }).click();
  await row.getByLabel("Name of this passkey").fill("Laptop");
  await row.getByRole("button", { name: "Save" }).click();
  await expect(row).toContainText("Laptop");
  await leave(ada);

  await press(ada, "Sign in with a passkey");
  await ada.seesConversations();
  await ada.openAccount();
  await expect(ada.sessions).toHaveCount(1);
  await press(ada, "Sign-in settings");
  await expect(row).toContainText("Last used: Today");

  await row.getByRole("button", { name: "Remove Laptop" }).click();
  await expect(row).toHaveCount(0);
  await leave(ada);
  await press(ada, "Sign in with a passkey");
  await expect(ada.page.getByRole("alert")).toContainText("opens no account here");
  await ada.signIn();
});

test("the password alone is not enough beside a passkey, and an unknown finger opens nothing", async ({
  people,
}) => {
  const ada = await people.join("Ada");
  await ada.register();
  const passkeys = await Passkeys.in(ada);
  await addPasskey(ada, await openSecurity(ada));
  await leave(ada);

  await ada.fillSignIn(ada.account);
  await press(ada, "Sign in");
  await passkeys.recognise(false);
  await press(ada, "Use a passkey");
  await expect(ada.page.getByRole("alert")).toContainText("No passkey was used");
  await expect(ada.page.getByLabel("Find people")).toBeHidden();
  await passkeys.recognise(true);
  await press(ada, "Use a passkey");
  await ada.seesConversations();
});

test("a copy of a passkey is refused once the original was used", async ({ people }) => {
  const ada = await people.join("Ada");
  await ada.register();
  const passkeys = await Passkeys.in(ada);
  await addPasskey(ada, await openSecurity(ada));
  await leave(ada);

  await passkeys.asCopied(async () => {
    await press(ada, "Sign in with a passkey");
    await ada.seesConversations();
    await ada.signOut();
  });
  await press(ada, "Sign in with a passkey");
  await expect(ada.page.getByRole("alert")).toContainText("opens no account here");
});

async function openSecurity(person: Person): Promise<Locator> {
  await person.openAccount();
  await press(person, "Sign-in settings");
  return person.page.getByRole("dialog", { name: "How you sign in" });
}

async function addPasskey(person: Person, settings: Locator): Promise<void> {
  await press(person, "Add a passkey");
  await expect(settings.getByRole("heading", { name: "Your recovery codes" })).toBeVisible();
  await press(person, "I have kept them");
  const passkeys = settings.getByRole("region", { name: "Passkeys" });
  await expect(passkeys.getByRole("listitem")).toHaveCount(1);
}

/** Closes what is open and signs out. */
async function leave(person: Person): Promise<void> {
  for (const name of ["How you sign in", "Your account"]) {
    const dialog = person.page.getByRole("dialog", { name });
    await dialog.getByRole("button", { name: "Close" }).click();
    await expect(dialog).toBeHidden();
  }
  await person.signOut();
}

function press(person: Person, name: string): Promise<void> {
  return person.page.getByRole("button", { name, exact: true }).click();
}
