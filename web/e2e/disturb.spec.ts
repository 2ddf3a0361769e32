import { Caller } from "./harness/calls";
import { introduce, type Person } from "./harness/person";
import { expect, HOME, test } from "./harness/test";

test("fault 23: whoever is not to be disturbed is not rung on any device, and reads what they missed", async ({
  people,
}) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  const second = await people.join("Ben", { account: ben.person.account });
  await second.signIn();

  await ben.person.openAccount();
  await ben.person.page.getByRole("radio", { name: "Until I switch it off" }).check();
  await ben.person.page.getByRole("button", { name: "Close" }).click();
  await expect(banner(ben.person)).toBeVisible();
  await expect(banner(second)).toBeVisible();

  await ada.dial(ben);
  await writesDuringTheCall(ada, ben);
  await expect(ben.call(ada)).toBeHidden();
  await expect(second.call(ada.person)).toBeHidden();
  await expect(ada.status(ben)).toContainText("Calling");
  await ada.end(ben);
  await expect(ben.person.timeline.getByText("Missed call")).toBeVisible();

  await banner(second).getByRole("button", { name: "Switch off" }).click();
  await expect(banner(second)).toBeHidden();
  await expect(banner(ben.person)).toBeHidden();
  await ada.dial(ben);
  await expect(ben.button(ada, "Answer")).toBeVisible();
});

test("fault 23: a muted conversation is marked on every device and does not ring", async ({
  people,
}) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  const second = await people.join("Ben", { account: ben.person.account });
  await second.signIn();

  await ben.person.page.getByRole("button", { name: "About Ada" }).click();
  await ben.person.page.getByRole("switch", { name: "Mute" }).click();
  await ben.person.page.keyboard.press("Escape");
  await expect(ben.person.conversation(ada.person)).toContainText("muted");
  await expect(second.conversation(ada.person)).toContainText("muted");

  await ada.dial(ben);
  await writesDuringTheCall(ada, ben);
  await expect(ben.call(ada)).toBeHidden();
  await expect(second.call(ada.person)).toBeHidden();
});

test("fault 23: nothing rings in quiet hours, and it rings again after them", async ({
  people,
}) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  await ben.person.openAccount();
  const { page } = ben.person;
  await page.getByRole("switch", { name: "Quiet hours" }).click();
  // Around now, whatever the time of day; past midnight where it must be.
  await page.getByLabel("From", { exact: true }).fill(timeOfDay(-60));
  await page.getByLabel("to", { exact: true }).fill(timeOfDay(60));
  await page.getByRole("button", { name: "Close" }).click();
  await expect(page.getByText(`Quiet hours until ${timeOfDay(60)}`)).toBeVisible();

  await ada.dial(ben);
  await writesDuringTheCall(ada, ben);
  await expect(ben.call(ada)).toBeHidden();
  await ada.end(ben);
  await expect(ben.person.timeline.getByText("Missed call")).toBeVisible();

  await ben.person.openAccount();
  await page.getByLabel("to", { exact: true }).fill(timeOfDay(-30));
  await page.getByRole("button", { name: "Close" }).click();
  await expect(page.getByText(/Quiet hours until/)).toBeHidden();
  await ada.dial(ben);
  await expect(ben.button(ada, "Answer")).toBeVisible();
});

test("settings about calls are the same on every device and survive a reload", async ({
  people,
}) => {
  const ben = await people.join("Ben");
  await ben.register();
  const second = await people.join("Ben", { account: ben.account });
  await second.signIn();
  await ben.openAccount();
  await second.openAccount();

  const both = [ben.page, second.page];
  await ben.page.getByRole("switch", { name: "Call waiting" }).click();
  await ben.page.getByRole("switch", { name: "Quiet hours" }).click();
  await ben.page.getByLabel("From", { exact: true }).fill("21:15");
  await second.page.getByRole("switch", { name: "Let a second call through" }).click();
  for (const page of both) {
    await expect(page.getByRole("switch", { name: "Call waiting" })).not.toBeChecked();
    await expect(page.getByRole("switch", { name: "Let a second call through" })).toBeChecked();
    await expect(page.getByLabel("From", { exact: true })).toHaveValue("21:15");
    await expect(page.getByText("Times of Europe/Berlin")).toBeVisible();
  }
  await ben.page.reload();
  await ben.openAccount();
  await expect(ben.page.getByLabel("From", { exact: true })).toHaveValue("21:15");
});

/** A message that left after the call arrives after it: whatever rings, rings by then. */
async function writesDuringTheCall(caller: Caller, callee: Caller): Promise<void> {
  await expect(caller.status(callee)).toContainText("Calling");
  await caller.button(callee, "Minimise call").click();
  await caller.person.sendMessage("Are you there?");
  await callee.person.sees("Are you there?");
  await caller.person.page.getByRole("button", { name: "Restore call" }).click();
}

function banner({ page }: Person): ReturnType<typeof page.getByRole> {
  return page.getByRole("region", { name: "Do not disturb" });
}

/** The time of the day so many minutes from now, where everybody lives, as a time field wants it. */
function timeOfDay(minutesFromNow: number): string {
  const zone = { timeZone: HOME.timezoneId, hour: "2-digit", minute: "2-digit" } as const;
  return new Date(Date.now() + minutesFromNow * 60_000).toLocaleTimeString("en-GB", zone);
}
