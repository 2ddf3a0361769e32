import { introduce } from "./harness/person";
import { expect, test } from "./harness/test";

test("a request can be blocked, without a word to the sender, and let in later", async ({
  people,
}) => {
  const ada = await people.join("Ada");
  const mallory = await people.join("Mallory");
  await ada.register();
  await mallory.register();
  await mallory.findAndRequest(ada, "Buy my things");

  await ada.openConversation(mallory);
  await ada.page.getByRole("button", { name: "Block" }).click();
  await expect(ada.page.getByRole("region", { name: "Blocked" })).toBeVisible();
  await expect(ada.callButton(mallory)).toHaveAccessibleDescription(/blocked/);
  await expect(ada.messageField).toBeHidden();

  await mallory.messageField.fill("Please?");
  await mallory.messageField.press("Enter");
  await expect(mallory.timeline.getByRole("alert")).toContainText("Not sent.");
  await expect(mallory.page.getByText(/block/i)).toHaveCount(0);
  await ada.page.reload();
  await expect(ada.page.getByRole("region", { name: "Blocked" })).toBeVisible();
  await ada.sees("Buy my things");
  await expect(ada.message("Please?")).toHaveCount(0);

  await ada.page.getByRole("button", { name: "Unblock" }).click();
  await ada.page.getByRole("button", { name: "Accept", exact: true }).click();
  await mallory.sendMessage("Thank you");
  await ada.sees("Thank you");
  await expect(ada.callButton(mallory)).toBeEnabled();
});

test("a contact can be blocked, and the focus goes back to where it was", async ({ people }) => {
  const ada = await people.join("Ada");
  const ben = await people.join("Ben");
  await introduce(ada, ben);

  const about = ada.page.getByRole("button", { name: "About Ben" });
  await about.click();
  const dialog = ada.page.getByRole("dialog", { name: "About Ben" });
  await expect(dialog).toContainText("They are not told");
  await dialog.getByRole("button", { name: "Block" }).click();
  await expect(dialog).toBeHidden();
  await expect(about).toBeFocused();
  await expect(ada.page.getByRole("region", { name: "Blocked" })).toBeVisible();
  await expect(ada.callButton(ben)).toHaveAccessibleDescription(/blocked/);
  await expect(ben.callButton(ada)).toBeEnabled();
});
