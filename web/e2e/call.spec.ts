import { Caller, connect } from "./harness/calls";
import { introduce } from "./harness/person";
import { expect, test } from "./harness/test";

test("two people call, hear each other and hang up", async ({ people }) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);

  await ada.dial(ben);
  await expect(ada.status(ben)).toContainText("Ringing");
  await expect(ben.call(ada)).toBeVisible();
  // Nobody hears a microphone that nobody has lent yet.
  expect(await ben.ear.tracksEver()).toBe(0);
  expect(await ada.ear.packetsSent()).toBe(0);

  await ben.answer(ada);
  await ben.ear.hears(ada.hertz);
  await ada.ear.hears(ben.hertz);
  await ada.talks(ben);
  await ben.talks(ada);
  await expect(ada.timer(ben)).toHaveText(/^00:0[2-9]$/);

  await ada.end(ben);
  await ada.ear.expectNothingHeld();
  await expect(ben.call(ada)).toContainText("Ada hung up");
  await ben.ear.expectNothingHeld();
  await expect(ada.call(ben)).toBeHidden();
  await expect(ben.call(ada)).toBeHidden();
  await expect(ada.person.timeline).toContainText("Voice call");
  await expect(ben.person.timeline).toContainText("Voice call");
});

test("fault 21: mute gives silence, unmute gives the voice back", async ({ people }) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  await connect(ada, ben);
  const speaking = ben.call(ada).locator("[data-speaking]");

  await expect(speaking).toHaveAttribute("data-speaking", "true");
  await ada.button(ben, "Mute").click();
  await ben.ear.hearsSilence(ada.hertz);
  await expect(speaking).toHaveAttribute("data-speaking", "false");
  await ada.ear.hears(ben.hertz);
  await ada.button(ben, "Unmute").click();
  await ben.ear.hears(ada.hertz);
});

test("fault 21: what is muted before the answer is muted after it", async ({ people }) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  await ada.dial(ben);
  await ada.button(ben, "Mute").click();
  await ben.answer(ada);

  await ada.ear.hears(ben.hertz);
  await expect(ada.button(ben, "Unmute")).toBeVisible();
  await ben.ear.hearsSilence(ada.hertz);
  await ada.button(ben, "Unmute").click();
  await ben.ear.hears(ada.hertz);
});

test("speaker off silences the audio element and not the stream", async ({ people }) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  await connect(ada, ben);
  const speaker = ada.button(ben, "Speaker");

  await expect(speaker).toHaveAttribute("aria-pressed", "true");
  expect(await ada.ear.isMuted()).toBe(false);
  await speaker.click();
  await expect(speaker).toHaveAttribute("aria-pressed", "false");
  expect(await ada.ear.isMuted()).toBe(true);
  await ada.ear.hears(ben.hertz);
  await speaker.click();
  expect(await ada.ear.isMuted()).toBe(false);
});

test("fault 24: one goes on chatting beside a minimised call", async ({ people }) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  await connect(ada, ben);

  await ada.button(ben, "Minimise call").click();
  await ada.person.sendMessage("as I was just saying");
  await ada.ear.hears(ben.hertz);
  await ben.ear.hears(ada.hertz);
  await ada.person.page.getByRole("button", { name: "Restore call" }).click();
  await ada.end(ben);
  await ben.ear.expectNothingHeld();
});

test("fault 12: signing out ends the call", async ({ people }) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  await connect(ada, ben);

  await ada.button(ben, "Minimise call").click();
  await ada.person.signOut();
  await ada.ear.expectNothingHeld();
  await expect(ben.call(ada)).toContainText("Ada hung up");
  await ben.ear.expectNothingHeld();
});
