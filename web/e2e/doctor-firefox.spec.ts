/** *Test my connection* in Firefox, whose connections and sound fail in other ways than Chromium's. */
import type { Browser } from "puppeteer-core";

import { launchFirefox } from "./harness/firefox";
import { accountOf } from "./harness/person";
import { Puppet } from "./harness/puppet";
import { expect, test } from "./harness/test";

let firefox: Browser;

test.beforeEach(async () => {
  firefox = await launchFirefox();
});

test.afterEach(() => firefox.close());

test("nothing is broken: a path through the relay stands, and nothing stays open", async ({
  server,
}) => {
  const ada = await Puppet.register(firefox, server.url, accountOf("Ada"));
  await runTest(ada);
  for (const name of ["Microphone", "Messages and calls", "Clock", "Relay over TCP"]) {
    await expect.poll(() => ada.listItem(name)).toContain("Fine");
  }
  // On a machine without a loudspeaker Firefox plays and sends no tone, and the test says so in place of a fault.
  await expect
    .poll(() => ada.listItem("Sound through the relay"))
    .toMatch(/A tone went through the relay and came back|A path through the relay stands/);
  await ada.ear.expectNothingHeld();
});

test.describe("a relay that is off", () => {
  test.use({ settings: { relay: { mode: "off" } } });

  test("is told, with what it means", async ({ server }) => {
    const ada = await Puppet.register(firefox, server.url, accountOf("Ada"));
    await runTest(ada);
    await expect.poll(() => ada.listItem("Relay")).toContain("The relay is switched off");
    await expect.poll(() => ada.listItem("Sound through the relay")).toContain("Not tested");
  });
});

/** Runs the whole test: the slowest port is given up after eight seconds, and the tone after eight more. */
async function runTest(ada: Puppet): Promise<void> {
  for (const button of ["Your account", "Test my connection", "Start the test"]) {
    await ada.press(button);
  }
  await expect.poll(() => ada.buttons(), { timeout: 30_000 }).toContain("Test again");
}
