/** A call between Chromium and Firefox. Playwright drives a Firefox of its own only, so Puppeteer drives this one. */
import puppeteer, { type Browser } from "puppeteer-core";

import { firefoxPath } from "./harness/browsers";
import { Caller } from "./harness/calls";
import { accountOf } from "./harness/person";
import { Puppet } from "./harness/puppet";
import { expect, test } from "./harness/test";

/** The pitch of Firefox's fake microphone. */
const FIREFOX_HERTZ = 1000;

let firefox: Browser;

test.beforeEach(async () => {
  firefox = await puppeteer.launch({
    browser: "firefox",
    executablePath: firefoxPath(),
    extraPrefsFirefox: {
      "media.navigator.streams.fake": true,
      "media.navigator.audio.fake_frequency": FIREFOX_HERTZ,
      "media.navigator.permission.disabled": true,
      "media.autoplay.default": 0,
    },
  });
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
