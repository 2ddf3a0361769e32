import { introduce } from "./harness/person";
import { expect, test } from "./harness/test";

test("two devices of one account show the same", async ({ people }) => {
  const ada = await people.join("Ada");
  const ben = await people.join("Ben");
  await introduce(ada, ben);
  const phone = await people.join("Ada", { account: ada.account });
  await phone.signIn();

  await phone.openConversation(ben);
  await phone.sees("Hello Ben");
  await phone.sendMessage("from the phone");
  await ada.sees("from the phone");
  await ada.sendMessage("from the laptop");
  await phone.sees("from the laptop");
  await ben.sees("from the laptop");
});

test("what is read on one device is read on the other", async ({ people }) => {
  const ada = await people.join("Ada");
  const ben = await people.join("Ben");
  await introduce(ada, ben);
  const phone = await people.join("Ada", { account: ada.account });
  await phone.signIn();
  await ada.page.goto("about:blank");

  await ben.sendMessage("read me");
  await expect(phone.conversation(ben)).toHaveAccessibleName(/1 unread/);
  await ada.page.goto("/");
  await ada.openConversation(ben);

  await expect(phone.conversation(ben)).not.toHaveAccessibleName(/unread/);
});
