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

import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type LaunchOptions,
  test as base,
} from "@playwright/test";

import { chromiumWith, type Microphone } from "./browsers";
import type { Place } from "./namespace";
import { type Account, accountOf, Person } from "./person";
import type { Profile } from "./profile";
import { AhoyServer, type Settings } from "./server";
import { Watch } from "./watch";

export { expect } from "@playwright/test";

/** How somebody joins a story. */
export interface Joining {
  /** A browser with that microphone, shared by all who have the same; without it one that beeps. */
  microphone?: Microphone;
  /** A browser that keeps its data in that profile, as people's do, and can crash. */
  profile?: Profile;
  /** A network of their own, and a browser of their own in it. */
  network?: Place;
  /** Variables for a browser of their own, beside those of the run. */
  variables?: Record<string, string>;
  /** More switches for a browser of their own. */
  switches?: string[];
  /** Another device of this account. */
  account?: Account;
  /** Where they find the server, if not where it listens. */
  url?: string;
  /** Anything else of their browser: window size, colour scheme. */
  context?: BrowserContextOptions;
}

/** Where everybody lives, so that times and words on screen are the same on every machine. */
export const HOME = { locale: "en-GB", timezoneId: "Europe/Berlin" };

export class People {
  readonly #server: AhoyServer;
  readonly #shared: Browser;
  readonly #folder = mkdtempSync(join(tmpdir(), "ahoy-e2e-sound-"));
  readonly #joined: Person[] = [];
  /** By microphone. */
  readonly #shareable = new Map<string, Browser>();
  readonly #browsers: Browser[] = [];

  constructor(server: AhoyServer, shared: Browser) {
    this.#server = server;
    this.#shared = shared;
  }

  /** Somebody sits down before an empty page: nothing is opened yet. */
  async join(displayName: string, how: Joining = {}): Promise<Person> {
    const url = how.url ?? this.#server.url;
    const options = { ...HOME, baseURL: url, ...how.context };
    const context =
      how.profile === undefined
        ? await (await this.#browser(how)).newContext(options)
        : await how.profile.open(this.#launchOptions(how), options);
    const watch = new Watch(url);
    await watch.attach(context);
    const person = new Person(
      how.account ?? accountOf(displayName),
      context.pages()[0] ?? (await context.newPage()),
      watch,
    );
    this.#joined.push(person);
    return person;
  }

  /** Opens another tab beside somebody's. */
  async tab(of: Person): Promise<Person> {
    const person = new Person(of.account, await of.context.newPage(), of.watch);
    this.#joined.push(person);
    return person;
  }

  /** Everybody who joined. */
  get joined(): readonly Person[] {
    return this.#joined;
  }

  /** Closes all browsers, then says whether a page did what no page may do. */
  async leave(): Promise<void> {
    const contexts = new Set(this.#joined.map((person) => person.context));
    await Promise.all([...contexts].map((context) => context.close()));
    await Promise.all(this.#browsers.map((browser) => browser.close()));
    rmSync(this.#folder, { recursive: true });
    for (const person of this.#joined) {
      person.watch.expectClean();
    }
  }

  async #browser(how: Joining): Promise<Browser> {
    if (how.network !== undefined || how.switches !== undefined) return this.#launch(how);
    if (how.microphone === undefined) return this.#shared;
    const key = JSON.stringify(how.microphone);
    const found = this.#shareable.get(key);
    if (found !== undefined) return found;
    const browser = await this.#launch(how);
    this.#shareable.set(key, browser);
    return browser;
  }

  async #launch(how: Joining): Promise<Browser> {
    const browser = await chromium.launch(this.#launchOptions(how));
    this.#browsers.push(browser);
    return browser;
  }

  #launchOptions({ microphone, network, switches = [], variables = {} }: Joining): LaunchOptions {
    const options = chromiumWith(microphone ?? { hertz: 440 }, this.#folder);
    const own = {
      ...options,
      args: [...(options.args ?? []), ...switches],
      env: { ...(process.env as Record<string, string>), ...variables },
    };
    return network === undefined ? own : network.around(own);
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
