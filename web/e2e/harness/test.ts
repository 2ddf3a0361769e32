/**
 * `test` for stories: a server of one's own and people at browsers of their own.
 *
 * ```ts
 * test("Ada writes to Bob", async ({ people }) => {
 *   const ada = await people.join("Ada");
 *   …
 * ```
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Browser, type BrowserContextOptions, chromium, test as base } from "@playwright/test";

import { chromiumWith, type Microphone } from "./browsers";
import { type Account, accountOf, Person } from "./person";
import { AhoyServer, type Settings } from "./server";
import { Watch } from "./watch";

export { expect } from "@playwright/test";

/** How somebody joins a story. */
export interface Joining {
  /** Launches a browser of their own with that microphone; without it they share one that beeps. */
  microphone?: Microphone;
  /** Another device of this account. */
  account?: Account;
  /** Where they find the server, if not where it listens. */
  url?: string;
  /** Anything else of their browser: window size, colour scheme. */
  context?: BrowserContextOptions;
}

/** Where everybody lives, so that times and words on screen are the same on every machine. */
const HOME = { locale: "en-GB", timezoneId: "Europe/Berlin" };

export class People {
  readonly #server: AhoyServer;
  readonly #shared: Browser;
  readonly #folder = mkdtempSync(join(tmpdir(), "ahoy-e2e-sound-"));
  readonly #joined: Person[] = [];
  readonly #browsers: Browser[] = [];

  constructor(server: AhoyServer, shared: Browser) {
    this.#server = server;
    this.#shared = shared;
  }

  /** Somebody sits down before an empty page: nothing is opened yet. */
  async join(displayName: string, how: Joining = {}): Promise<Person> {
    const browser =
      how.microphone === undefined ? this.#shared : await this.#launch(how.microphone);
    const url = how.url ?? this.#server.url;
    const context = await browser.newContext({
      ...HOME,
      baseURL: url,
      ...how.context,
    });
    const watch = new Watch(url);
    await watch.attach(context);
    const person = new Person(
      how.account ?? accountOf(displayName),
      await context.newPage(),
      watch,
    );
    this.#joined.push(person);
    return person;
  }

  /** Everybody who joined. */
  get joined(): readonly Person[] {
    return this.#joined;
  }

  /** Closes all browsers, then says whether a page did what no page may do. */
  async leave(): Promise<void> {
    await Promise.all(this.#joined.map((person) => person.context.close()));
    await Promise.all(this.#browsers.map((browser) => browser.close()));
    rmSync(this.#folder, { recursive: true });
    for (const person of this.#joined) {
      person.watch.expectClean();
    }
  }

  async #launch(microphone: Microphone): Promise<Browser> {
    const browser = await chromium.launch(chromiumWith(microphone, this.#folder));
    this.#browsers.push(browser);
    return browser;
  }
}

interface Fixtures {
  /** What this story changes in the server's settings. */
  settings: Settings;
  server: AhoyServer;
  people: People;
}

export const test = base.extend<Fixtures>({
  settings: [{}, { option: true }],

  server: async ({ settings }, use, info) => {
    const server = await AhoyServer.start(settings);
    await use(server);
    if (info.status !== info.expectedStatus) {
      await info.attach("ahoy.log", { body: server.log, contentType: "text/plain" });
    }
    await server.remove();
  },

  people: async ({ server, browser }, use) => {
    const people = new People(server, browser);
    await use(people);
    await people.leave();
  },
});
