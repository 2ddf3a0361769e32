import { Caller, connect } from "./harness/calls";
import { introduce, type Person } from "./harness/person";
import { expect, test } from "./harness/test";

test("a second call is held and answered, and both are gone back and forth between", async ({
  people,
}) => {
  const { ada, ben, cyrus } = await three(people);
  await connect(ada, ben);
  await cyrus.dial(ben);
  await expect(waiting(ben.person, cyrus)).toBeVisible();
  await expect(waiting(ben.person, cyrus)).toContainText("is calling");
  // Whoever talks goes on talking, and finds the second call with the next key.
  await ben.ear.hears(ada.hertz);
  await ben.person.page.keyboard.press("Tab");
  await expect(ben.button(ada, "End and answer")).toBeFocused();

  await ben.button(ada, "Hold and answer").click();
  await ben.talks(cyrus);
  await ben.ear.hears(cyrus.hertz);
  await cyrus.ear.hears(ben.hertz);
  await expect(ada.status(ben)).toContainText("Ben put the call on hold");
  await ada.ear.hearsSilence(ben.hertz);
  await expect(onHold(ben.person, ada)).toContainText(/Ada is on hold · \d\d:\d\d/);

  await onHold(ben.person, ada).getByRole("button", { name: "Resume" }).click();
  await ben.talks(ada);
  await ben.ear.hears(ada.hertz);
  await ada.ear.hears(ben.hertz);
  await expect(cyrus.status(ben)).toContainText("Ben put the call on hold");
  await cyrus.ear.hearsSilence(ben.hertz);

  // The call on hold stays so until it is wanted.
  await ben.end(ada);
  await ben.button(ada, "Close").click();
  await expect(ben.status(cyrus)).toContainText("You put the call on hold");
  await ben.button(cyrus, "Resume").click();
  await ben.ear.hears(cyrus.hertz);
  await cyrus.ear.hears(ben.hertz);
  await ben.end(cyrus);
  await ben.ear.expectNothingHeld();
});

test("a second call is answered in place of the first", async ({ people }) => {
  const { ada, ben, cyrus } = await three(people);
  await connect(ada, ben);
  await cyrus.dial(ben);
  await ben.button(ada, "End and answer").click();
  await expect(ada.status(ben)).toContainText("Ben hung up");
  await ben.talks(cyrus);
  await ben.ear.hears(cyrus.hertz);
  await ada.ear.expectNothingHeld();
});

test("a second call is rejected from the bar, and what was typed goes on", async ({ people }) => {
  const { ada, ben, cyrus } = await three(people);
  await connect(ada, ben);
  await ben.button(ada, "Minimise call").click();
  await ben.person.messageField.click();
  await ben.person.page.keyboard.type("Half a sen");
  await cyrus.dial(ben);
  await expect(waiting(ben.person, cyrus)).toBeVisible();
  await ben.person.page.keyboard.type("tence");
  await expect(ben.person.messageField).toHaveValue("Half a sentence");

  await waiting(ben.person, cyrus).getByRole("button", { name: "Reject" }).click();
  await expect(waiting(ben.person, cyrus)).toBeHidden();
  await expect(cyrus.status(ben)).toContainText("declined");
  await ben.ear.hears(ada.hertz);
});

test("without call waiting a second caller hears that it is busy", async ({ people }) => {
  const { ada, ben, cyrus } = await three(people);
  await ben.person.openAccount();
  await ben.person.page.getByRole("switch", { name: "Call waiting" }).click();
  await ben.person.page.keyboard.press("Escape");
  await connect(ada, ben);
  await cyrus.dial(ben);
  await expect(cyrus.status(ben)).toContainText("Ben is in another call");
  await expect(waiting(ben.person, cyrus)).toBeHidden();
});

test("hold is silence both ways and shown to both", async ({ people }) => {
  const { ada, ben } = await three(people);
  await connect(ada, ben);
  await ada.button(ben, "Hold").click();
  await expect(ada.status(ben)).toContainText("You put the call on hold");
  await expect(ben.status(ada)).toContainText("Ada put the call on hold");
  await ben.ear.hearsSilence(ada.hertz);
  await ada.ear.hearsSilence(ben.hertz);
  await ben.button(ada, "Hold").click();
  await expect(ada.status(ben)).toContainText("You both put the call on hold");
  await ada.button(ben, "Resume").click();
  await expect(ada.status(ben)).toContainText("Ben put the call on hold");
  await ben.button(ada, "Resume").click();
  await ben.ear.hears(ada.hertz);
  await ada.ear.hears(ben.hertz);
});

async function three(
  people: Parameters<typeof Caller.join>[0],
): Promise<{ ada: Caller; ben: Caller; cyrus: Caller }> {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  const cyrus = await Caller.join(people, "Cyrus", 1600);
  await introduce(ada.person, ben.person);
  await cyrus.person.register();
  await cyrus.person.findAndRequest(ben.person, "Hello Ben");
  await ben.person.accept(cyrus.person);
  await expect(cyrus.person.callButton(ben.person)).toBeEnabled();
  return { ada, ben, cyrus };
}

function waiting({ page }: Person, { person }: Caller): ReturnType<typeof page.getByRole> {
  return page.getByRole("region", { name: `Second call, from ${person.displayName}` });
}

function onHold({ page }: Person, { person }: Caller): ReturnType<typeof page.getByRole> {
  return page.getByRole("region", { name: `Call on hold, with ${person.displayName}` });
}
