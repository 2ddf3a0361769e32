/**
 * Which browsers the stories run in, and with which microphone.
 *
 * Chromium and Firefox come from the system: `AHOY_CHROMIUM` and `AHOY_FIREFOX` name them, else the usual
 * commands are looked for. Nothing is downloaded.
 */
import { accessSync, constants, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

import type { LaunchOptions } from "@playwright/test";

import { toneWav } from "./tone";

/** What a person's browser finds where a microphone should be. */
export type Microphone =
  /** One that hears a tone of so many hertz, for ever, and that the page may use unasked. */
  | { hertz: number }
  /** One that hears a WAV file, over and over. */
  | { file: string }
  /** One that the page may not use. */
  | "denied"
  /** None, and nothing that would forbid one. */
  | "missing";

/** Options for Playwright's own `browser`: Chromium with a microphone that beeps. */
export const chromium: { browserName: "chromium"; launchOptions: LaunchOptions } = {
  browserName: "chromium",
  launchOptions: {
    args: ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"],
    executablePath: program("AHOY_CHROMIUM", ["chromium", "chromium-browser", "google-chrome"]),
  },
};

/** The path of Firefox, for stories between browsers. */
export function firefoxPath(): string {
  return program("AHOY_FIREFOX", ["firefox-esr", "firefox"]);
}

/** Options to launch a Chromium of one's own with that microphone; `folder` takes the sound file. */
export function chromiumWith(microphone: Microphone, folder: string): LaunchOptions {
  const { executablePath = "" } = chromium.launchOptions;
  switch (microphone) {
    case "denied":
      // No answer to the question for the microphone counts as a no in a browser without a window.
      return { executablePath, args: ["--use-fake-device-for-media-stream"] };
    case "missing":
      return {
        executablePath,
        args: ["--use-fake-ui-for-media-stream"],
        // A machine with a real microphone must not lend it.
        env: { ...environment(), ALSA_CONFIG_PATH: "/dev/null", PULSE_SERVER: "/dev/null" },
      };
    default: {
      const sound = "file" in microphone ? microphone.file : toneFile(microphone.hertz, folder);
      return {
        executablePath,
        args: [
          "--use-fake-ui-for-media-stream",
          "--use-fake-device-for-media-stream",
          `--use-file-for-fake-audio-capture=${sound}`,
        ],
      };
    }
  }
}

function toneFile(hertz: number, folder: string): string {
  const path = join(folder, `${hertz}hz.wav`);
  writeFileSync(path, toneWav(hertz));
  return path;
}

function environment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
}

function program(variable: string, commands: string[]): string {
  const named = process.env[variable];
  if (named !== undefined) {
    return named;
  }
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const found = commands
    .flatMap((command) => folders.map((folder) => join(folder, command)))
    .find(isProgram);
  if (found === undefined) {
    throw new Error(`none of ${commands.join(", ")} is installed; install one or set ${variable}`);
  }
  return found;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
