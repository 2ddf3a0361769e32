import AxeBuilder from "@axe-core/playwright";

import { Caller } from "./harness/calls";
import { introduce } from "./harness/person";
import { expect, test } from "./harness/test";

test.use({ settings: { tls: { mode: "self-signed" } } });

test("who comes by http is told of the browser's warning before it appears", async ({
  server,
  browser,
}) => {
  const context = await browser.newContext({ viewport: { width: 360, height: 640 } });
  const page = await context.newPage();
  await page.goto(server.url.replace("https:", "http:"));

  await expect(page.getByRole("heading", { level: 1 })).toHaveText(
    "Your browser will warn you once",
  );
  const fingerprint = /SHA-256\)[^]*\n {2}([0-9A-F:]{95})\n/u.exec(server.log)?.[1];
  expect(fingerprint, "printed by the server").toBeDefined();
  await expect(page.getByRole("code")).toHaveText(String(fingerprint));
  const link = page.getByRole("link", { name: new URL(server.url).host });
  await expect(link).toHaveAttribute("href", `${server.url}/`);
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(width, "nothing to scroll sideways").toBeLessThanOrEqual(360);
  await context.close();
});

test("behind a self-signed certificate that they accepted, two people call", async ({ people }) => {
  const accepted = { context: { ignoreHTTPSErrors: true } };
  const ada = await Caller.join(people, "Ada", 440, accepted);
  const ben = await Caller.join(people, "Ben", 1000, accepted);
  await introduce(ada.person, ben.person);
  const seen = await ada.person.page.evaluate(() => ({
    protocol: (performance.getEntriesByType("navigation")[0] as PerformanceNavigationTiming)
      .nextHopProtocol,
    secure: globalThis.isSecureContext,
  }));
  expect(seen).toEqual({ protocol: "h2", secure: true });
  const cookies = await ada.person.context.cookies();
  expect(cookies.map(({ name, secure }) => ({ name, secure }))).toEqual([
    { name: "__Host-ahoy", secure: true },
  ]);

  await ada.dial(ben);
  await ben.answer(ada);
  await ben.ear.hears(ada.hertz);
  await ada.ear.hears(ben.hertz);
  // The refresh token of the cookie carries them over a reload.
  await ada.person.page.reload();
  await ada.talks(ben);
});
