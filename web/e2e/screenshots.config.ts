import { defineConfig } from "@playwright/test";

import stories from "../playwright.config";

/** `make screenshots`: pictures of every view, for people to look at. */
export default defineConfig(stories, {
  testDir: ".",
  testMatch: ["screenshots.ts", "screenshots-gallery.ts"],
  timeout: 120_000,
  outputDir: "../test-results/screenshots-run",
});
