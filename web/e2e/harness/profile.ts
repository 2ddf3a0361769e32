/** A browser profile on disk, as people have one: it outlives its browser, which can crash. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type LaunchOptions,
} from "@playwright/test";

export class Profile {
  readonly #folder = mkdtempSync(join(tmpdir(), "ahoy-e2e-profile-"));
  #context: BrowserContext | undefined;

  /** Starts the browser on this profile. */
  async open(launch: LaunchOptions, options: BrowserContextOptions): Promise<BrowserContext> {
    const { executablePath = "" } = launch;
    // Becomes the browser, so that the number it notes is the browser's.
    const starter = join(this.#folder, "start");
    writeFileSync(
      starter,
      `#!/bin/sh\necho $$ > '${this.#pidFile}'\nexec '${executablePath}' "$@"\n`,
      { mode: 0o755 },
    );
    this.#context = await chromium.launchPersistentContext(join(this.#folder, "data"), {
      ...launch,
      ...options,
      executablePath: starter,
    });
    return this.#context;
  }

  /** Ends the browser as a crash does: no page and no process of it is told. */
  async crash(): Promise<void> {
    const gone = new Promise((resolve) => this.#context?.once("close", resolve));
    process.kill(Number(readFileSync(this.#pidFile, "utf8")), "SIGKILL");
    await gone;
  }

  /** Removes what is on disk; the browser must be gone. */
  remove(): void {
    // The browser's helpers end a moment after it and may still write.
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 10 });
  }

  get #pidFile(): string {
    return join(this.#folder, "pid");
  }
}
