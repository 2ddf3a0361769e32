/**
 * Takes a picture of every view of the gallery, which has those that a server shows only after long
 * stories. It judges nothing. They go to `web/test-results/screenshots`, as `gallery-…`.
 */
import { expect, type Page, test } from "@playwright/test";
import { createServer, type ViteDevServer } from "vite";

import { VIEW_NAMES } from "../gallery/views";

import { SETTINGS, take } from "./harness/pictures";

const TESTING = ["Your account", "Test my connection", "Start the test"];

const SIGNING_IN = ["Your account", "Sign-in settings"];

/** What is pressed before a picture is taken, for views that begin with a press. */
const PRESSED: Record<string, { wishes: string; press: string[] }> = {
  calls: { wishes: "", press: ["Calls"] },
  "calls-times": { wishes: "", press: ["Calls", "Show the times"] },
  "entry-times": { wishes: "open=5", press: ["Show each time"] },
  person: { wishes: "open=4", press: ["About"] },
  account: { wishes: "disturb", press: ["Your account"] },
  invites: { wishes: "administrator", press: ["Your account", "Invite people", "Make a link"] },
  accounts: { wishes: "administrator", press: ["Your account", "Manage accounts"] },
  "accounts-reset": {
    wishes: "administrator",
    press: ["Your account", "Manage accounts", "Reset the password of", "Reset it"],
  },
  "connection-test": { wishes: "", press: TESTING.slice(0, 2) },
  ...Object.fromEntries(
    ["well", "closed-udp", "faults", "relay-off", "testing"].map((name) => [
      `connection-${name}`,
      { wishes: `connection=${name}`, press: TESTING },
    ]),
  ),
  "signing-in": { wishes: "", press: SIGNING_IN },
  "signing-in-password": { wishes: "factors", press: [...SIGNING_IN, "Change password"] },
  "signing-in-factors": { wishes: "factors", press: SIGNING_IN },
  "signing-in-app": { wishes: "", press: [...SIGNING_IN, "Set up an app"] },
  "signing-in-codes": { wishes: "factors", press: [...SIGNING_IN, "Make new codes"] },
  "account-hidden": { wishes: "hidden", press: ["Your account"] },
  "person-hidden": { wishes: "open=1&relay=always", press: ["About"] },
  "route-direct": { wishes: "open=1&call=active", press: ["Direct connection"] },
  "route-relayed": { wishes: "open=1&call=relayed", press: ["Relayed connection"] },
  "route-hidden": { wishes: "open=1&call=relayed&hidden", press: ["Relayed connection"] },
  pictures: { wishes: "open=1&call=active", press: ["compare pictures"] },
  "sound-settings": { wishes: "open=1&call=active", press: ["Sound settings"] },
  "reject-message": { wishes: "open=1&call=incoming", press: ["Reject with a message"] },
  "reject-waiting-message": { wishes: "open=1&call=waiting", press: ["Reject with a message"] },
};
const OTHERS: Record<string, string> = {
  "by-invitation": "entrance&registration=invite",
  invited: "entrance&registration=invite#invite=x",
  "choose-password": "entrance#reset=x",
  closed: "entrance&registration=closed",
  disturb: "disturb",
  entrance: "entrance",
  "recovery-few": "codes=2",
  quiet: "quiet",
  offline: "offline",
  "missed-grouped": "open=5",
  "strange-device": "strange",
  guest: "open=1&call=active&guest",
  "guest-incoming": "open=1&call=incoming&guest",
  unplugged: "open=1&call=active&unplugged=Headset",
  "unplugged-minimised": "open=1&call=active&minimised&unplugged=Headset",
  "sound-blocked": "open=1&call=active&blocked",
  ...Object.fromEntries(
    ["active", "waiting", "held", "on-hold", "reconnecting"].map((name) => [
      `${name}-minimised`,
      `open=1&call=${name}&minimised`,
    ]),
  ),
};

let gallery: ViteDevServer;

test.beforeAll(async () => {
  gallery = await createServer({ server: { port: 0 }, logLevel: "error" });
  await gallery.listen();
});

test.afterAll(() => gallery.close());

for (const { name, context } of SETTINGS) {
  test(`gallery ${name}`, async ({ browser }) => {
    const visit = await browser.newContext({
      locale: "en-GB",
      timezoneId: "Europe/Berlin",
      ...context,
    });
    const page = await visit.newPage();
    for (const view of VIEW_NAMES) {
      await open(page, `open=1&call=${view}`);
      await take(page, `gallery-call-${view}-${name}`);
    }
    for (const [view, wishes] of Object.entries(OTHERS)) {
      await open(page, wishes);
      await take(page, `gallery-${view}-${name}`);
    }
    for (const [view, { wishes, press }] of Object.entries(PRESSED)) {
      await open(page, wishes);
      for (const button of press) await page.getByRole("button", { name: button }).first().click();
      await take(page, `gallery-${view}-${name}`);
    }
    await visit.close();
  });
}

async function open(page: Page, wishes: string): Promise<void> {
  const address = gallery.resolvedUrls?.local[0] ?? "";
  await page.goto(`${address}gallery.html?${wishes}`);
  // On a phone an open conversation hides the list, and a call everything else.
  await expect(page.locator("main, nav").filter({ visible: true }).first()).toBeVisible();
}
