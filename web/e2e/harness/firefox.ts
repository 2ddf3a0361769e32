/** Firefox with a microphone that beeps. Playwright drives a Firefox of its own only, so Puppeteer drives this one. */
import puppeteer, { type Browser } from "puppeteer-core";

import { firefoxPath } from "./browsers";

/** The pitch of its microphone. */
export const FIREFOX_HERTZ = 1000;

/** Starts one; whoever did so closes it. */
export function launchFirefox(): Promise<Browser> {
  return puppeteer.launch({
    browser: "firefox",
    executablePath: firefoxPath(),
    extraPrefsFirefox: {
      "media.navigator.streams.fake": true,
      "media.navigator.audio.fake_frequency": FIREFOX_HERTZ,
      "media.navigator.permission.disabled": true,
      "media.autoplay.default": 0,
    },
  });
}
