/** A call between Chromium and Firefox. */
import type { Browser } from "puppeteer-core";

import { Caller } from "./harness/calls";
import { FIREFOX_HERTZ, launchFirefox } from "./harness/firefox";
import { accountOf } from "./harness/person";
import { Puppet } from "./harness/puppet";
import { expect, test } from "./harness/test";

let firefox: Browser;

test.beforeEach(async () => {
  firefox = await launchFirefox();
});

test.afterEach(() => firefox.close());

for (const caller of ["Chromium", "Firefox"] as const) {
  test(`${caller} calls the other browser, and both hear`, async ({ people, server }) => {
    const ada = await Caller.join(people, "Ada", 440);
    await ada.person.register();
    const ben = await Puppet.register(firefox, server.url, accountOf("Ben"));
    await ben.find("ada");
    await ben.write("Hello Ada");
    await ada.person.page
      .getByRole("navigation", { name: "Conversations" })
      .getByRole("button", { name: "Ben" })
      .click();
    await ada.person.page.getByRole("button", { name: "Accept", exact: true }).click();

    const modal = ada.person.page.getByRole("dialog", { name: "Voice call with Ben" });
    if (caller === "Chromium") {
      await ada.person.page.getByRole("button", { name: "Call Ben" }).click();
      await ben.press("Answer");
    } else {
      await ben.press("Call Ada");
      await modal.getByRole("button", { name: "Answer" }).click();
    }

    await ada.ear.hears(FIREFOX_HERTZ);
    await expect.poll(() => ben.energyHeard()).toBeGreaterThan(0);
    await expect(modal.getByRole("timer")).toBeVisible();
    await modal.getByRole("button", { name: "Mute" }).click();
    await expect.poll(() => ben.isSilent()).toBe(true);
    await modal.getByRole("button", { name: "End call" }).click();
    await ada.ear.expectNothingHeld();
    await ben.ear.expectNothingHeld();
  });
}
