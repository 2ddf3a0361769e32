import { Caller } from "./harness/calls";
import { introduce } from "./harness/person";
import { expect, test } from "./harness/test";

test("a call is rejected with a ready message or one's own", async ({ people }) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);

  await ada.dial(ben);
  await ben.button(ada, "Reject with a message…").click();
  await ben.button(ada, "I’ll call you back.").click();
  await expect(ada.status(ben)).toContainText("declined");
  await ada.person.sees("I’ll call you back.");
  await expect(ben.call(ada)).toBeHidden();

  await ada.dial(ben);
  await ben.button(ada, "Reject with a message…").click();
  await ben.call(ada).getByLabel("Your own message to Ada").fill("Ten minutes, I am at sea.");
  await ben.button(ada, "Reject and send").click();
  await expect(ada.status(ben)).toContainText("declined");
  await ada.person.sees("Ten minutes, I am at sea.");
});

test("a ringing that is silenced on one device goes on on the other", async ({ people }) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  const second = await Caller.join(people, "Ben", 1300, { account: ben.person.account });
  await second.person.signIn();

  await ada.dial(ben);
  await ben.button(ada, "Silence this device").click();
  await expect(ben.status(ada)).toContainText("Silent on this device");
  await expect(second.button(ada, "Silence this device")).toBeVisible();
  await ben.answer(ada);
  await ben.talks(ada);
});
