/** *Test my connection*: what it says when all is well, and with one fault each. */
import { line, runTest, startTest, summary } from "./harness/checkup";
import { Ear } from "./harness/ear";
import { introduce } from "./harness/person";
import { expect, test } from "./harness/test";

const HOUR = 3_600_000;

test("all is well: a tone comes back through the relay, and nothing stays open", async ({
  people,
}) => {
  const ada = await people.join("Ada", { microphone: { hertz: 440 } });
  const ear = await Ear.at(ada.page);
  await ada.register();
  await runTest(ada);
  for (const name of ["Microphone", "Clock", "Relay over TCP"]) {
    await expect(line(ada, name)).toContainText("Fine");
  }
  await expect(line(ada, "Sound through the relay")).toContainText("A tone went through the relay");
  await ada.page.getByRole("button", { name: "Yes, I heard it" }).click();
  await expect(summary(ada)).toHaveText("Calls work from here");
  await ear.expectNothingHeld();
});

test("what was found scrolls below the title, on a phone", async ({ people }) => {
  const context = { viewport: { width: 360, height: 640 } };
  const ada = await people.join("Ada", { microphone: { hertz: 440 }, context });
  await ada.register();
  await runTest(ada);
  const again = ada.page.getByRole("button", { name: "Test again" });
  await again.focus();
  await expect(again).toBeInViewport();
  await expect(ada.page.getByRole("heading", { name: "Test my connection" })).toBeInViewport();
  // Nothing but what was found can be scrolled, not by a script either.
  const dialog = ada.page.getByRole("dialog", { name: "Test my connection" });
  expect(await dialog.evaluate((box) => box.scrollHeight - box.clientHeight)).toBe(0);
});

test("a tone that was not heard is a fault with something to do", async ({ people }) => {
  const ada = await people.join("Ada", { microphone: { hertz: 440 } });
  await ada.register();
  await runTest(ada);
  await ada.page.getByRole("button", { name: "No", exact: true }).click();
  await expect(line(ada, "Loudspeaker")).toContainText("Turn the volume up");
  await expect(summary(ada)).toContainText("One thing is broken");
});

test("a microphone that is not allowed is told, and the rest is tested", async ({ people }) => {
  const ada = await people.join("Ada", { microphone: "denied" });
  await ada.register();
  await runTest(ada);
  await expect(line(ada, "Microphone")).toContainText("The microphone is not allowed");
  await expect(line(ada, "Server")).toContainText("Fine");
  await expect(summary(ada)).toContainText("One thing is broken");
});

test("a device whose clock is wrong is told by how much", async ({ people }) => {
  const ada = await people.join("Ada", { microphone: { hertz: 440 } });
  await ada.page.addInitScript((ahead) => {
    const now = Date.now.bind(Date);
    Date.now = () => now() + ahead;
  }, 5 * HOUR);
  await ada.register();
  await runTest(ada);
  await expect(line(ada, "Clock")).toContainText(
    "This device’s clock is 5 h ahead of the server’s",
  );
});

test("a call that comes in stops the test and has the microphone to itself", async ({ people }) => {
  const ada = await people.join("Ada", { microphone: { hertz: 440 } });
  const ben = await people.join("Ben", { microphone: { hertz: 1000 } });
  await introduce(ada, ben);
  await startTest(ben);
  await expect(line(ben, "Microphone")).toContainText("Say something");
  await ada.callButton(ben).click();
  await expect(ben.call(ada)).toBeVisible();
  await expect(summary(ben)).toHaveText("The test was stopped");
  await expect(ben.page.getByText("There is a call. Test when it is over.")).toBeVisible();
});

test.describe("a relay that is off", () => {
  test.use({ settings: { relay: { mode: "off" } } });

  test("is told, with what it means", async ({ people }) => {
    const ada = await people.join("Ada", { microphone: { hertz: 440 } });
    await ada.register();
    await runTest(ada);
    await expect(line(ada, "Relay")).toContainText("The relay is switched off");
    await expect(line(ada, "Sound through the relay")).toContainText("Not tested");
    await expect(summary(ada)).toContainText("Calls work from here");
  });
});
