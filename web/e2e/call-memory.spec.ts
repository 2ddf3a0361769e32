import { Caller, connect } from "./harness/calls";
import { introduce } from "./harness/person";
import { expect, test } from "./harness/test";

test("who mutes while the server is away and comes back to the page is still muted", async ({
  people,
  server,
}) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  await connect(ada, ben);

  await server.kill();
  await ada.button(ben, "Mute").click();
  await ben.ear.hearsSilence(ada.hertz);
  await ada.person.page.goto("about:blank");
  await server.start();
  await ada.person.page.goto("/");

  await expect(ada.button(ben, "Unmute")).toBeVisible();
  await ada.ear.hears(ben.hertz, 5_000);
  await expect(ben.call(ada)).toContainText("Ada is muted");
  await ben.ear.hearsSilence(ada.hertz);
  await ada.button(ben, "Unmute").click();
  await ben.ear.hears(ada.hertz);
});

test("who hangs up while the server is away and comes back to the page is not in the call", async ({
  people,
  server,
}) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  await connect(ada, ben);

  await server.kill();
  // Ben hears of it from Ada, but cannot tell the server before she is back.
  await ben.person.page.context().setOffline(true);
  await ada.end(ben);
  await ada.person.page.goto("about:blank");
  await server.start();
  await ada.person.page.goto("/");

  await ada.person.openConversation(ben.person);
  await expect(ada.person.timeline).toContainText("Voice call");
  await expect(ada.call(ben)).toBeHidden();
  await ada.ear.expectNothingHeld();
  expect(await ada.ear.tracksEver()).toBe(0);
  await ben.person.page.context().setOffline(false);
  await expect(ben.call(ada)).toBeHidden();
});
