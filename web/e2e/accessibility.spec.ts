import AxeBuilder from "@axe-core/playwright";

import { endTest, line, startTest } from "./harness/checkup";
import type { Person } from "./harness/person";
import { expect, test } from "./harness/test";

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing serious on any view, ${colorScheme}`, async ({ people }) => {
    // Colours are judged where a view comes to rest, not while it fades in.
    const context = { colorScheme, reducedMotion: "reduce" } as const;
    const ada = await people.join("Ada", { context });
    const ben = await people.join("Ben", { context });
    await ada.page.goto("/");
    await expectAccessible(ada, "sign in");
    await ada.showRegistration();
    await expectAccessible(ada, "create account");
    await ada.page.getByRole("button", { name: "Create account" }).click();
    await expectAccessible(ada, "create account with faults");

    await ada.register();
    await expectAccessible(ada, "no conversation yet");
    await ben.register();
    await ada.page.getByLabel("Find people").fill("ben");
    await expect(ada.searchResult(ben)).toBeVisible();
    await expectAccessible(ada, "search");
    await ada.searchResult(ben).click();
    await ada.sendMessage("Hello");
    await expectAccessible(ada, "a request of mine");
    await ben.openConversation(ada);
    await expectAccessible(ben, "a request to me");
    await ben.page.getByRole("button", { name: "Accept", exact: true }).click();
    await ben.sendMessage("Hello yourself");
    await ada.sees("Hello yourself");
    await expectAccessible(ada, "a conversation");
    await ada.page.getByRole("button", { name: "About Ben" }).click();
    await expectAccessible(ada, "the other person");
    await ada.page.keyboard.press("Escape");

    await ada.callButton(ben).click();
    await expect(ben.call(ada)).toBeVisible();
    await expectAccessible(ada, "outgoing call");
    await expectAccessible(ben, "incoming call");
    await ben.call(ada).getByRole("button", { name: "Reject with a message…" }).click();
    await expectAccessible(ben, "a message instead of an answer");
    await ben.page.keyboard.press("Escape");
    await ben.call(ada).getByRole("button", { name: "Answer" }).click();
    await expect(ada.call(ben).getByRole("timer")).toBeVisible();
    await expectAccessible(ada, "active call");
    await ada.call(ben).getByRole("button", { name: "Sound settings" }).click();
    await expectAccessible(ada, "sound settings in a call");
    await ada.page.keyboard.press("Escape");
    await ada.call(ben).getByRole("button", { name: "Hold" }).click();
    await expectAccessible(ada, "call on hold");
    await expectAccessible(ben, "call that the other side holds");
    await ada.call(ben).getByRole("button", { name: "Minimise call" }).click();
    await expectAccessible(ada, "minimised call");
    await ada.page.getByRole("button", { name: "End call" }).click();
    await expectAccessible(ben, "ended call");
    await expectAccessible(ada, "a conversation with a call");

    await ada.page.getByRole("button", { name: /^Calls/ }).click();
    await expectAccessible(ada, "the call log");

    await ada.openAccount();
    await ada.page.getByRole("switch", { name: "Quiet hours" }).click();
    await ada.page.getByRole("radio", { name: "For 1 hour" }).check();
    await expectAccessible(ada, "account");
    await ada.page.getByRole("button", { name: "Sign-in settings" }).click();
    await expect(ada.page.getByRole("button", { name: "Set up an app" })).toBeVisible();
    await expectAccessible(ada, "sign-in settings");
    await ada.page.getByRole("button", { name: "Change password" }).click();
    await expectAccessible(ada, "change of password");
    await ada.page.getByRole("button", { name: "Cancel" }).click();
    await ada.page.getByRole("button", { name: "Set up an app" }).click();
    await expect(ada.page.getByRole("img", { name: /QR code/ })).toBeVisible();
    await expectAccessible(ada, "setting up an app");
    await ada.page.keyboard.press("Escape");
    await ada.page.keyboard.press("Escape");
    await expectAccessible(ada, "do not disturb");
  });

  for (const viewport of [
    { width: 1100, height: 720 },
    { width: 360, height: 740 },
  ]) {
    const where = `${colorScheme}, ${viewport.width} pixels wide`;
    test(`axe finds nothing serious in the test of the connection, ${where}`, async ({
      people,
    }) => {
      const context = { colorScheme, viewport, reducedMotion: "reduce" } as const;
      const ada = await people.join("Ada", { context, microphone: "denied" });
      await ada.register();
      await startTest(ada);
      await expectAccessible(ada, "being tested");
      await endTest(ada);
      await expect(line(ada, "Microphone")).toContainText("Broken");
      await expect(line(ada, "Loudspeaker")).toContainText("Your turn");
      await expectAccessible(ada, "the report");
    });
  }
}

async function expectAccessible({ page }: Person, view: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const serious = violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join("\n    ")}`);
  expect(serious, view).toEqual([]);
}
