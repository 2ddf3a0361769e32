import { defineConfig } from "@playwright/test";

import { chromium } from "./e2e/harness/browsers";

/**
 * Browser stories: one file each, a real server and real browsers, nothing replaced.
 * No retries: a story that passes at the second try has found something.
 */
export default defineConfig({
  testDir: "e2e",
  // A story is some hundred steps on a machine of two cores that may be busy.
  timeout: 60_000,
  expect: { timeout: 10_000 },
  retries: 0,
  // Two stories at once make the sound of calls stutter on two cores.
  workers: 1,
  forbidOnly: process.env["CI"] !== undefined,
  reporter: [["list"]],
  outputDir: "test-results/stories",
  use: {
    ...chromium,
    screenshot: "only-on-failure",
    // Recording costs enough to disturb calls; add `--trace on` to look into a story.
    trace: "off",
  },
});
