/** A call between Chromium and Firefox. */
import type { Locator } from "@playwright/test";
import type { Browser } from "puppeteer-core";

import { Caller } from "./harness/calls";
import { FIREFOX_HERTZ, launchFirefox } from "./harness/firefox";
import { accountOf } from "./harness/person";
import { Puppet } from "./harness/puppet";
import type { AhoyServer } from "./harness/server";
import { expect, type People, test } from "./harness/test";

let firefox: Browser;

test.beforeEach(async () => {
  firefox = await launchFirefox();
});

test.afterEach(() => firefox.close());

for (const caller of ["Chromium", "Firefox"] as const) {
  test(`${caller} calls the other browser, and both hear`, async ({ people, server }) => {
    const { ada, ben, modal } = await contacts(people, server);
    if (caller === "Chromium") {
      await ada.person.page.getByRole("button", { name: "Call Ben" }).click();
      await ben.press("Answer");
    } else {
      await ben.press("Call Ada");
      await modal.getByRole("button", { name: "Answer" }).click();
    }
    await hearEachOther(ada, ben);
    await expect(modal.getByRole("timer")).toBeVisible();
    await modal.getByRole("button", { name: "Mute" }).click();
    await expect.poll(() => ben.isSilent()).toBe(true);
    await modal.getByRole("button", { name: "End call" }).click();
    await ada.ear.expectNothingHeld();
    await ben.ear.expectNothingHeld();
  });
}

test.describe("where all calls go through the relay", () => {
  test.use({ settings: { relay: { mode: "always" } } });

  test("Chromium and Firefox hear each other, and both say so", async ({ people, server }) => {
    const { ada, ben, modal } = await contacts(people, server);
    await ada.person.page.getByRole("button", { name: "Call Ben" }).click();
    await ben.press("Answer");
    await hearEachOther(ada, ben);
    await expect(modal.getByRole("button", { name: "Relayed connection" })).toBeVisible();
    expect(await ada.ear.way()).toBe("relayed");
    await ben.press("Relayed connection");
  });
});

/** Ada at Chromium and Ben at Firefox, contacts, and Ada's call modal. */
async function contacts(
  people: People,
  server: AhoyServer,
): Promise<{ ada: Caller; ben: Puppet; modal: Locator }> {
  const ada = await Caller.join(people, "Ada", 440);
  await ada.person.register();
  const ben = await Puppet.register(firefox, server.url, accountOf("Ben"));
  await ben.find("ada");
  await ben.write("Hello Ada");
  const { page } = ada.person;
  const conversations = page.getByRole("navigation", { name: "Conversations" });
  await conversations.getByRole("button", { name: "Ben" }).click();
  await page.getByRole("button", { name: "Accept", exact: true }).click();
  return { ada, ben, modal: page.getByRole("dialog", { name: "Voice call with Ben" }) };
}

async function hearEachOther(ada: Caller, ben: Puppet): Promise<void> {
  await ada.ear.hears(FIREFOX_HERTZ);
  await expect.poll(() => ben.energyHeard()).toBeGreaterThan(0);
}
