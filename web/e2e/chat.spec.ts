import { introduce } from "./harness/person";
import { expect, test } from "./harness/test";

test("two people find each other, accept and write both ways", async ({ people }) => {
  const ada = await people.join("Ada Lovelace");
  const ben = await people.join("Ben Ōe");
  await ada.register();
  await ben.register();

  await ada.findAndRequest(ben, "Hello Ben, it's Ada.");
  await expect(ada.callButton(ben)).toBeDisabled();
  await expect(ada.callButton(ben)).toHaveAccessibleDescription(/not accepted/);

  await expect(ben.conversation(ada)).toContainText("Hello Ben, it's Ada.");
  await ben.accept(ada);
  await ben.sees("Hello Ben, it's Ada.");

  await ben.sendMessage("Of course! How are you?");
  await ada.sees("Of course! How are you?");
  await ada.sendMessage("Fine 🙂 <b>not bold</b>");
  await ben.sees("Fine 🙂 <b>not bold</b>");
});

test("Enter sends and Shift+Enter breaks the line", async ({ people }) => {
  const ada = await people.join("Ada");
  const ben = await people.join("Ben");
  await introduce(ada, ben);

  await ada.messageField.pressSequentially("first line");
  await ada.messageField.press("Shift+Enter");
  await ada.messageField.pressSequentially("second line");
  await expect(ada.messageField).toHaveValue("first line\nsecond line");
  await ada.messageField.press("Enter");

  await expect(ada.messageField).toHaveValue("");
  const lines = ben.timeline.getByText("first line second line");
  await expect(lines).toHaveText("first line\nsecond line", { useInnerText: true });
});

test("unread messages are counted until the conversation is opened", async ({ people }) => {
  const ada = await people.join("Ada");
  const ben = await people.join("Ben");
  const cleo = await people.join("Cleo");
  await introduce(ada, ben);
  await cleo.register();
  await cleo.findAndRequest(ada, "Hi, Cleo here");
  await ada.accept(cleo);

  await ben.sendMessage("one");
  await ben.sendMessage("two");
  await expect(ada.conversation(ben)).toHaveAccessibleName(/2 unread/);

  await ada.openConversation(ben);
  await ada.sees("two");
  await expect(ada.conversation(ben)).not.toHaveAccessibleName(/unread/);
});

test("the writer sees when a message was read", async ({ people }) => {
  const ada = await people.join("Ada");
  const ben = await people.join("Ben");
  const cleo = await people.join("Cleo");
  await introduce(ada, ben);
  await cleo.register();
  await cleo.findAndRequest(ben, "Hi, Cleo here");
  await ben.accept(cleo);

  await ada.sendMessage("Are you there?");
  await expect(ada.bubble("Are you there?")).toContainText("Sent");
  await ben.openConversation(ada);
  await expect(ada.bubble("Are you there?")).toContainText("Read");
});

test("a reload changes nothing, the draft included", async ({ people }) => {
  const ada = await people.join("Ada");
  const ben = await people.join("Ben");
  await introduce(ada, ben);
  await ada.sendMessage("kept");
  await ada.messageField.fill("half a thou");

  await ada.page.reload();

  await ada.openConversation(ben);
  await ada.sees("kept");
  await ada.sees("Hello Ben");
  await expect(ada.timeline.getByText("Today", { exact: true })).toHaveCount(1);
  await expect(ada.messageField).toHaveValue("half a thou");
});

test("the other side sees who types and who is there", async ({ people }) => {
  const ada = await people.join("Ada");
  const ben = await people.join("Ben");
  await introduce(ada, ben);
  const header = ada.page.locator("header").filter({ has: ada.callButton(ben) });
  await expect(header).toContainText("Online");

  await ben.messageField.pressSequentially("Well…");
  await expect(header).toContainText("typing…");
  await ben.messageField.press("Enter");
  await expect(header).toContainText("Online");

  await ben.page.close();
  await expect(header).toContainText("Last seen just now");
});
