/** A tab that nobody looks at, and one that nobody has touched yet, in a browser as people start it. */
import puppeteer, { type Browser } from "puppeteer-core";

import { chromium } from "../harness/browsers";
import { Caller } from "../harness/calls";
import { accountOf } from "../harness/person";
import { Puppet } from "../harness/puppet";
import { expect, type People, test } from "../harness/test";

let chrome: Browser;

test.beforeEach(async () => {
  chrome = await puppeteer.launch({
    executablePath: chromium.launchOptions.executablePath ?? "",
    args: ["--no-sandbox", ...(chromium.launchOptions.args ?? [])],
    // Puppeteer would spare background tabs what browsers do to them.
    ignoreDefaultArgs: [
      "--disable-background-timer-throttling",
      "--disable-backgrounding-occluded-windows",
      "--disable-renderer-backgrounding",
    ],
  });
});

test.afterEach(() => chrome.close());

test("fault 13: a tab in the background rings on until it is answered", async ({
  people,
  server,
}) => {
  const { ada, ben } = await meet(people, server.url);
  await ben.hide();
  await ada.person.page.getByRole("button", { name: "Call Ben" }).click();

  // Three rounds of the tune.
  for (let heard = 0; heard < 3; heard += 1) {
    await ben.ear.hearsTone(4_000);
    await ben.ear.hearsPause(4_000);
  }
  expect((await ben.ear.tones()).map(({ sound }) => sound)).toEqual(["ringing"]);
  expect(await ben.untouched("document.title")).toMatch(/Ada (is calling|calls)/);
  await ben.show();
  await ben.press("Answer");
  await ben.ear.hearsNoTone();
  await ben.ear.hears(ada.hertz);
});

test("fault 14: a tab that nobody has touched tells of the call, and a tap lets it sound", async ({
  people,
  server,
}) => {
  const { ada, ben } = await meet(people, server.url);
  await chrome.defaultBrowserContext().setPermission(server.url, {
    permission: { name: "notifications" },
    state: "granted",
  });
  await ben.reload();
  await ben.hide();
  await ada.person.page.getByRole("button", { name: "Call Ben" }).click();

  await expect.poll(() => ben.untouched("document.title")).toMatch(/Ada (is calling|calls)/);
  await expect.poll(() => ben.untouched("witness.notifications.join()")).toBe("Ada calls");
  const page = "document.body.textContent";
  await expect.poll(() => ben.untouched(page)).toContain("Tap to hear");
  expect(await ben.untouched("navigator.userActivation.hasBeenActive")).toBe(false);

  await ben.show();
  await ben.press("Tap to hear");
  await ben.ear.hearsTone(4_000);
  await expect.poll(() => ben.untouched(page)).not.toContain("Tap to hear");
  await ben.press("Answer");
  await ben.ear.hears(ada.hertz);
});

/** Ada, who calls, and Ben, who is called; both have accepted each other. */
async function meet(people: People, url: string): Promise<{ ada: Caller; ben: Puppet }> {
  const ada = await Caller.join(people, "Ada", 440);
  await ada.person.register();
  const ben = await Puppet.register(chrome, url, accountOf("Ben"));
  await ben.find("ada");
  await ben.write("Hello Ada");
  await ada.person.page
    .getByRole("navigation", { name: "Conversations" })
    .getByRole("button", { name: "Ben" })
    .click();
  await ada.person.page.getByRole("button", { name: "Accept", exact: true }).click();
  return { ada, ben };
}
