import { introduce } from "./harness/person";
import { expect, test } from "./harness/test";

test("a request can be blocked, and the sender is not told", async ({ people }) => {
  const ada = await people.join("Ada");
  const mallory = await people.join("Mallory");
  await ada.register();
  await mallory.register();
  await mallory.findAndRequest(ada, "Buy my things");

  await ada.openConversation(mallory);
  await ada.page.getByRole("button", { name: "Block" }).click();
  await expect(ada.callButton(mallory)).toBeDisabled();

  await mallory.sendMessage("Please?");
  await expect(mallory.page.getByText(/blocked/i)).toHaveCount(0);
  await expect(ada.message("Please?")).toHaveCount(0);
  await expect(ada.messageField).toBeDisabled();
});

test("a contact can be blocked and let in again", async ({ people }) => {
  const ada = await people.join("Ada");
  const ben = await people.join("Ben");
  await introduce(ada, ben);

  await ada.page.getByRole("button", { name: "Block" }).click();
  await expect(ada.messageField).toBeDisabled();
  await ben.sendMessage("Into the void");
  await expect(ada.message("Into the void")).toHaveCount(0);

  await ada.page.getByRole("button", { name: "Unblock" }).click();
  await expect(ada.messageField).toBeEnabled();
  await ben.sendMessage("Thank you");
  await ada.sees("Thank you");
});
