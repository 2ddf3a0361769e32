/** A browser that tidies its memory at the worst moment. */
import { Caller, connect } from "../harness/calls";
import { introduce } from "../harness/person";
import { expect, test } from "../harness/test";

test("a call is heard although the browser has tidied its memory", async ({ people }) => {
  const switches = ["--js-flags=--expose-gc"];
  const ada = await Caller.join(people, "Ada", 440, { switches });
  const ben = await Caller.join(people, "Ben", 1000, { switches });
  await introduce(ada.person, ben.person);
  for (const { person } of [ada, ben]) {
    await expect.poll(() => person.page.workers().length).toBe(1);
    // As soon as a sender has its place in the worker, whatever is not held there is gone.
    await person.page.workers()[0]?.evaluate(`{
      let tidied = 0;
      addEventListener("rtctransform", () => setTimeout(() => { gc(); gc(); tidied += 1; }));
      globalThis.tidiedTimes = () => tidied;
    }`);
  }

  await connect(ada, ben);
  for (const { person } of [ada, ben]) {
    expect(await person.page.workers()[0]?.evaluate("tidiedTimes()")).toBe(1);
  }
});
