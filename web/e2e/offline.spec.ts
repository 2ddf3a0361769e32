import { introduce } from "./harness/person";
import { expect, test } from "./harness/test";

test("what is written while the server is away is sent once when it is back", async ({
  people,
  server,
}) => {
  const ada = await people.join("Ada");
  const ben = await people.join("Ben");
  await introduce(ada, ben);

  await server.stop();
  await expect(ada.offlineNotice).toBeVisible();
  await ada.messageField.fill("written in the dark");
  await ada.messageField.press("Enter");
  await expect(ada.bubble("written in the dark")).toContainText("Not sent yet");
  await ada.messageField.fill("still being written");

  await server.start();
  await expect(ada.offlineNotice).toBeHidden({ timeout: 30_000 });
  await expect(ada.bubble("written in the dark")).toContainText(/Sent|Read/);
  await expect(ada.messageField).toHaveValue("still being written");

  await expect(ben.offlineNotice).toBeHidden({ timeout: 30_000 });
  await ben.sees("written in the dark");
  await ben.page.reload();
  await ben.openConversation(ada);
  await ben.sees("written in the dark");
});

test("what was written survives a reload while the server is away", async ({ people, server }) => {
  const ada = await people.join("Ada");
  const ben = await people.join("Ben");
  await introduce(ada, ben);
  await ada.sendMessage("before the storm");

  await server.kill();
  await expect(ada.offlineNotice).toBeVisible();
  await ada.messageField.fill("during the storm");
  await ada.messageField.press("Enter");
  await server.start();

  await expect(ada.offlineNotice).toBeHidden({ timeout: 30_000 });
  await ada.page.reload();
  await ada.openConversation(ben);
  await ada.sees("before the storm");
  await ada.sees("during the storm");
});
