import { Caller } from "./harness/calls";
import { introduce } from "./harness/person";
import { expect, test } from "./harness/test";

test("fault 25: missed calls are counted and grouped, seen in the log, and called back", async ({
  people,
}) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  const second = await people.join("Ben", { account: ben.person.account });
  await second.signIn();
  await ben.person.page.goto("/");
  await ben.person.seesConversations();

  for (let missed = 1; missed <= 3; missed += 1) {
    await ada.dial(ben);
    await expect(ben.button(ada, "Answer")).toBeVisible();
    await ada.end(ben);
    await expect(ada.call(ben)).toBeHidden();
    await expect(ben.call(ada)).toBeHidden();
  }
  const { page } = ben.person;
  const calls = page.getByRole("button", { name: /^Calls/ });
  await expect(calls).toHaveText(/3 missed/);
  await expect(page).toHaveTitle("(3) 3 missed calls · Ahoy");
  await expect(second.page.getByRole("button", { name: /^Calls/ })).toHaveText(/3 missed/);

  await calls.click();
  await expect(page.getByText("3 missed calls from Ada")).toBeVisible();
  await expect(calls).not.toHaveText(/missed/);
  await expect(second.page.getByRole("button", { name: /^Calls/ })).not.toHaveText(/missed/);

  const all = page.getByRole("tab", { name: "All" });
  await all.focus();
  await all.press("ArrowRight");
  await expect(page.getByRole("tab", { name: "Missed" })).toBeFocused();
  await expect(page.getByRole("list", { name: "Missed calls" })).toContainText("3 missed calls");
  await page.getByRole("button", { name: "Show the times" }).click();
  await expect(page.getByRole("listitem").filter({ hasText: /^Today at/ })).toHaveCount(3);

  await page.getByRole("button", { name: "Call back Ada" }).click();
  await ada.answer(ben);
  await ben.talks(ada);
  await ben.ear.hears(ada.hertz);
  await ben.end(ada);
  await expect(page.getByRole("list", { name: "Missed calls" })).not.toContainText("Voice call");
});

test("fault 25: missed calls with nothing between them are one entry of the timeline", async ({
  people,
}) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  const missACall = async (): Promise<void> => {
    await ada.dial(ben);
    await expect(ben.button(ada, "Answer")).toBeVisible();
    await ada.end(ben);
    await expect(ada.call(ben)).toBeHidden();
    await expect(ben.call(ada)).toBeHidden();
  };
  await missACall();
  await missACall();
  await expect(ben.person.timeline.getByText("2 missed calls from Ada")).toBeVisible();
  await ada.person.sendMessage("Are you there?");
  await missACall();
  await expect(ben.person.timeline.getByText("2 missed calls from Ada")).toBeVisible();
  await expect(ben.person.timeline.getByText("Missed call", { exact: true })).toBeVisible();
  await expect(ada.person.timeline.getByText("Call cancelled")).toHaveCount(3);
});
