/** A call between Chromium and Firefox. Playwright drives a Firefox of its own only, so Puppeteer drives this one. */
import puppeteer, { type Browser, type ElementHandle, type Page } from "puppeteer-core";

import { firefoxPath } from "./harness/browsers";
import { Caller } from "./harness/calls";
import { accountOf, type Account } from "./harness/person";
import { expect, test } from "./harness/test";

/** The pitch of Firefox's fake microphone. */
const FIREFOX_HERTZ = 1000;

let firefox: Browser;

test.beforeEach(async () => {
  firefox = await puppeteer.launch({
    browser: "firefox",
    executablePath: firefoxPath(),
    extraPrefsFirefox: {
      "media.navigator.streams.fake": true,
      "media.navigator.audio.fake_frequency": FIREFOX_HERTZ,
      "media.navigator.permission.disabled": true,
      "media.autoplay.default": 0,
    },
  });
});

test.afterEach(() => firefox.close());

for (const caller of ["Chromium", "Firefox"] as const) {
  test(`${caller} calls the other browser, and both hear`, async ({ people, server }) => {
    const ada = await Caller.join(people, "Ada", 440);
    await ada.person.register();
    const ben = await FirefoxPerson.register(firefox, server.url, accountOf("Ben"));
    await ben.find("ada");
    await ben.write("Hello Ada");
    await ada.person.page
      .getByRole("navigation", { name: "Conversations" })
      .getByRole("button", { name: "Ben" })
      .click();
    await ada.person.page.getByRole("button", { name: "Accept", exact: true }).click();

    const modal = ada.person.page.getByRole("dialog", { name: "Voice call with Ben" });
    if (caller === "Chromium") {
      await ada.person.page.getByRole("button", { name: "Call Ben" }).click();
      await ben.press("Answer");
    } else {
      await ben.press("Call Ada");
      await modal.getByRole("button", { name: "Answer" }).click();
    }

    await ada.ear.hears(FIREFOX_HERTZ);
    await expect.poll(() => ben.energyHeard()).toBeGreaterThan(0);
    await expect(modal.getByRole("timer")).toBeVisible();
    await modal.getByRole("button", { name: "Mute" }).click();
    await expect.poll(() => ben.isSilent()).toBe(true);
    await modal.getByRole("button", { name: "End call" }).click();
    await ada.ear.expectNothingHeld();
    await expect.poll(() => ben.openConnections()).toBe(0);
  });
}

/** Somebody at Firefox, found by the same roles and names as everybody. */
class FirefoxPerson {
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  static async register(browser: Browser, url: string, account: Account): Promise<FirefoxPerson> {
    const page = await browser.newPage();
    await page.evaluateOnNewDocument(() => {
      const connections: RTCPeerConnection[] = [];
      Object.assign(globalThis, { connections });
      globalThis.RTCPeerConnection = class extends RTCPeerConnection {
        constructor(configuration?: RTCConfiguration) {
          super(configuration);
          connections.push(this);
        }
      };
    });
    const person = new FirefoxPerson(page);
    await page.goto(url);
    await person.press("Create account");
    await person.#fill("Display name", account.displayName);
    await person.#fill("Username", account.username);
    await person.#fill("Password", account.password);
    await person.press("Create account");
    await person.#field("Find people");
    return person;
  }

  async find(username: string): Promise<void> {
    await this.#fill("Find people", username);
    await this.press("Ada");
  }

  async write(text: string): Promise<void> {
    await this.#fill("Message", text);
    await this.#page.keyboard.press("Enter");
  }

  /** Presses the button whose name begins so. */
  async press(name: string): Promise<void> {
    await expect(async () => {
      const controls = await this.#page.$$("button");
      const names = await Promise.all(
        controls.map((control) =>
          control.evaluate((node) => (node.ariaLabel ?? node.textContent).trim()),
        ),
      );
      const control = controls[names.findIndex((found) => found.startsWith(name))];
      if (control === undefined) throw new Error(`no button is named ${name}`);
      await control.click();
    }).toPass({ timeout: 10_000 });
  }

  /** The energy of the sound that arrived so far (webrtc-stats `totalAudioEnergy`). */
  energyHeard(): Promise<number> {
    return this.#inbound("totalAudioEnergy");
  }

  /** Whether what arrives now is silence. */
  async isSilent(): Promise<boolean> {
    return (await this.#inbound("audioLevel")) < 0.001;
  }

  openConnections(): Promise<number> {
    return this.#page.evaluate(
      () =>
        (globalThis as unknown as { connections: RTCPeerConnection[] }).connections.filter(
          (connection) => connection.connectionState !== "closed",
        ).length,
    );
  }

  async #fill(label: string, text: string): Promise<void> {
    const field = await this.#field(label);
    await field.click();
    await field.type(text);
  }

  /** Waits for the field of a label. */
  async #field(label: string): Promise<ElementHandle> {
    let found: ElementHandle | undefined;
    await expect(async () => {
      // The label itself has the same name as its field.
      const named = await this.#page.$$(`::-p-aria([name="${label}"])`);
      const isField = await Promise.all(
        named.map((element) => element.evaluate((node) => node.matches("input, textarea"))),
      );
      found = named[isField.indexOf(true)];
      if (found === undefined) throw new Error(`no field is named ${label}`);
    }).toPass({ timeout: 10_000 });
    if (found === undefined) throw new Error(`no field is named ${label}`);
    return found;
  }

  #inbound(value: "totalAudioEnergy" | "audioLevel"): Promise<number> {
    return this.#page.evaluate(async (name) => {
      const { connections } = globalThis as unknown as { connections: RTCPeerConnection[] };
      const reports = await connections.at(-1)?.getStats();
      let found = 0;
      reports?.forEach((report: { type: string } & Partial<Record<typeof name, number>>) => {
        if (report.type === "inbound-rtp") found = report[name] ?? found;
      });
      return found;
    }, value);
  }
}
