/** Where pictures of views go, and on what they are taken. */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

import type { BrowserContextOptions, Page } from "@playwright/test";

const FOLDER = fileURLToPath(new URL("../../test-results/screenshots", import.meta.url));

const DESK: BrowserContextOptions = {
  viewport: { width: 1100, height: 720 },
  userAgent: "Mozilla/5.0 (X11; Linux x86_64) Chrome/150.0.0.0 Safari/537.36",
};
const PHONE: BrowserContextOptions = {
  viewport: { width: 360, height: 740 },
  userAgent: "Mozilla/5.0 (Linux; Android 16) Chrome/150.0.0.0 Mobile Safari/537.36",
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
};

/** By day and by night, on a desk and on a phone; `name` is the end of the picture's. */
export const SETTINGS: { name: string; context: BrowserContextOptions }[] = (
  ["light", "dark"] as const
).flatMap((colorScheme) => [
  { name: colorScheme, context: { ...DESK, colorScheme } },
  { name: `${colorScheme}-phone`, context: { ...PHONE, colorScheme } },
]);

/** Takes a picture and returns its path. */
export async function take(page: Page, name: string): Promise<string> {
  mkdirSync(FOLDER, { recursive: true });
  const path = `${FOLDER}/${name}.png`;
  await page.screenshot({ path, animations: "disabled" });
  return path;
}
