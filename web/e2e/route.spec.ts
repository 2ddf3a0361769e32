/** Which way sound goes, as the screen says. */
import { Caller, connect } from "./harness/calls";
import { introduce } from "./harness/person";
import { expect, type People, test } from "./harness/test";

test("a call between two on one network is direct, and the screen says what that means", async ({
  people,
}) => {
  const { ada, ben } = await two(people);
  await connect(ada, ben);
  await expect(ada.route(ben, "Direct")).toBeVisible();
  await ben.route(ada, "Direct").click();
  const sheet = ben.call(ada).getByRole("region", { name: "Direct connection" });
  await expect(sheet).toContainText("know each other’s IP address");
  await ben.person.page.keyboard.press("Escape");
  await expect(sheet).toBeHidden();
  await expect(ben.route(ada, "Direct")).toBeFocused();
});

async function two(people: People): Promise<{ ada: Caller; ben: Caller }> {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  return { ada, ben };
}
