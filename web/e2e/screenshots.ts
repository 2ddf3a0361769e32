/**
 * Takes a picture of every view, light and dark, on a desk and on a phone. It judges nothing.
 *
 * All go to `web/test-results/screenshots`; those that the README shows go to `docs/images` as well.
 */
import { copyFileSync, mkdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

import type { Person } from "./harness/person";
import * as pictures from "./harness/pictures";
import { expect, test } from "./harness/test";

const README_FOLDER = fileURLToPath(new URL("../../docs/images", import.meta.url));
const README_PICTURES = ["conversation-light", "call-active-dark"];
const README_PICTURE_MAX_BYTES = 150 * 1024;

for (const { name, context } of pictures.SETTINGS) {
  test(name, async ({ people }) => {
    const ada = await people.join("Ada Lovelace", { context, microphone: { hertz: 440 } });
    const ben = await people.join("Ben Ōe", { microphone: { hertz: 660 } });
    const cleo = await people.join("Cleo Martínez");
    const picture = (view: string) => take(ada, `${view}-${name}`);

    await ada.page.goto("/");
    await picture("sign-in");
    await ada.showRegistration();
    await ada.page.getByRole("button", { name: "Create account" }).click();
    await picture("create-account");
    await ada.register();
    await expect(ada.page.getByText("No conversations yet.")).toBeVisible();
    await picture("welcome");

    await ben.register();
    await cleo.register();
    await cleo.findAndRequest(ada, "Hi Ada! We met at the harbour. May I call you tomorrow?");
    await ada.openConversation(cleo);
    await picture("request");
    await backToList(ada);
    await ada.page.getByLabel("Find people").fill("be");
    await expect(ada.searchResult(ben)).toBeVisible();
    await picture("search");
    await ada.searchResult(ben).click();
    await converse(ada, ben);
    await picture("conversation");

    await ada.callButton(ben).click();
    await expect(ada.call(ben).getByRole("status")).toContainText("Ringing");
    await picture("call-outgoing");
    await ben.call(ada).getByRole("button", { name: "Answer" }).click();
    await expect(ada.call(ben).getByRole("timer")).toHaveText(/0:0[2-9]/);
    await picture("call-active");
    await ada.call(ben).getByRole("button", { name: "Minimise call" }).click();
    await picture("call-minimised");
    await ada.page.getByRole("button", { name: "Restore call" }).click();
    await ada.call(ben).getByRole("button", { name: "End call" }).click();
    await picture("call-ended");
    await expect(ada.call(ben)).toBeHidden();

    await ben.callButton(ada).click();
    await expect(ada.call(ben).getByRole("button", { name: "Answer" })).toBeVisible();
    await picture("call-incoming");
    await ada.call(ben).getByRole("button", { name: "Reject", exact: true }).click();
    await expect(ada.call(ben)).toBeHidden();
    await picture("conversation-after-calls");
    await backToList(ada);
    await picture("conversations");
    await ada.openAccount();
    await picture("account");
  });
}

async function converse(ada: Person, ben: Person): Promise<void> {
  await ada.sendMessage("Ahoy Ben! Is the new server up?");
  await ben.accept(ada);
  await ben.sendMessage("It is. One program, one port, no cloud.");
  await ben.sendMessage("I put it on the little machine under the stairs.");
  await ada.sees("I put it on the little machine under the stairs.");
  await ada.sendMessage("Splendid. Then let's hear how it sounds.");
  await ben.sendMessage("Call me, I have my headphones on.");
  await ada.sees("Call me, I have my headphones on.");
  await expect(ada.callButton(ben)).toBeEnabled();
}

/** On a phone the list and the conversation share the screen. */
async function backToList(ada: Person): Promise<void> {
  await ada.page.goto("/");
  await ada.seesConversations();
}

async function take({ page }: Person, name: string): Promise<void> {
  const path = await pictures.take(page, name);
  if (README_PICTURES.includes(name)) {
    expect(statSync(path).size, `${name} is small`).toBeLessThanOrEqual(README_PICTURE_MAX_BYTES);
    mkdirSync(README_FOLDER, { recursive: true });
    copyFileSync(path, `${README_FOLDER}/${name}.png`);
  }
}
