import { defineConfig } from "@playwright/test";

import stories from "../playwright.config";

/** `make voice`: what speech sounds like through bad networks. It measures and takes most of an hour. */
export default defineConfig(stories, {
  testDir: "voice",
  testMatch: ["measure.ts"],
  timeout: 0,
  outputDir: "../test-results/voice-run",
});
