import { Caller } from "./harness/calls";
import { introduce } from "./harness/person";
import { expect, test } from "./harness/test";

test("a page that nobody touched says that its ring is held back, and a tap lets it sound", async ({
  people,
}) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  // A fresh page has not been touched, so the browser lets nothing sound.
  await ben.person.page.reload();
  await ben.person.seesConversations();
  await ada.dial(ben);

  const tap = ben.call(ada).getByRole("button", { name: "Tap to hear" });
  await expect(tap).toBeVisible();
  await tap.click();
  await expect(tap).toBeHidden();
  await expect(ben.button(ada, "Answer")).toBeVisible();
  await ben.answer(ada);
  await ben.ear.hears(ada.hertz);
});
