/**
 * Takes a picture of every view of the gallery, which has those that a server shows only after long
 * stories. It judges nothing. They go to `web/test-results/screenshots`, as `gallery-…`.
 */
import { test } from "@playwright/test";
import { createServer, type ViteDevServer } from "vite";

import { VIEW_NAMES } from "../gallery/views";

import { follow, open, OTHERS, PRESSED } from "./harness/gallery";
import { SETTINGS, take } from "./harness/pictures";

/** `VIEWS='accounts|invites'`: only those whose names match. */
const WANTED = new RegExp(process.env["VIEWS"] ?? "");

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
    for (const view of VIEW_NAMES.filter((name) => WANTED.test(`call-${name}`))) {
      await open(page, address(), `open=1&call=${view}`);
      await take(page, `gallery-call-${view}-${name}`);
    }
    for (const [view, wishes] of Object.entries(OTHERS).filter(isWanted)) {
      await open(page, address(), wishes);
      await take(page, `gallery-${view}-${name}`);
    }
    for (const [view, { wishes, press }] of Object.entries(PRESSED).filter(isWanted)) {
      await open(page, address(), wishes);
      for (const step of press) await follow(page, step);
      await take(page, `gallery-${view}-${name}`);
    }
    await visit.close();
  });
}

function address(): string {
  return gallery.resolvedUrls?.local[0] ?? "";
}

function isWanted([name]: [string, unknown]): boolean {
  return WANTED.test(name);
}
