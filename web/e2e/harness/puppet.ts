/**
 * Somebody at a browser that Puppeteer drives: Playwright drives a Firefox of its own only, and tells
 * every tab that it is looked at, so none of its tabs is ever in the background.
 */
import type { Browser, ElementHandle, Page } from "puppeteer-core";

import { Ear } from "./ear";
import type { Account } from "./person";
import { expect } from "./test";
import { type Witness, witness } from "./witness";

/** Somebody at a browser, found by the same roles and names as everybody. */
export class Puppet {
  readonly ear: Ear;
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
    this.ear = Ear.of({
      evaluate: (what: string, given?: unknown) => page.evaluate(what, given),
    } as Parameters<typeof Ear.of>[0]);
  }

  static async register(browser: Browser, url: string, account: Account): Promise<Puppet> {
    const page = await browser.newPage();
    await page.evaluateOnNewDocument(witness);
    const person = new Puppet(page);
    await page.goto(url);
    await person.press("Create account");
    await person.#fill("Display name", account.displayName);
    await person.#fill("Username", account.username);
    await person.#fill("Password", account.password);
    await person.press("Create account");
    await person.#field("Find people");
    return person;
  }

  /** Loads the page anew, which makes it one that nobody has touched. */
  async reload(): Promise<void> {
    await this.#page.reload();
  }

  /** Puts another tab before this one. */
  async hide(): Promise<void> {
    const other = await this.#page.browserContext().newPage();
    await other.bringToFront();
    await expect.poll(() => this.untouched("document.visibilityState")).toBe("hidden");
  }

  /** Brings this tab to the front again. */
  async show(): Promise<void> {
    await this.#page.bringToFront();
    await expect.poll(() => this.untouched("document.visibilityState")).toBe("visible");
  }

  /** The value of an expression in the page, without what counts as a touch: Puppeteer's own evaluations do. */
  async untouched(expression: string): Promise<unknown> {
    const session = await this.#page.createCDPSession();
    const { result } = await session.send("Runtime.evaluate", { expression, userGesture: false });
    await session.detach();
    return result.value;
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

  /** The names of all buttons. */
  buttons(): Promise<string[]> {
    return this.#page.$$eval("button", (nodes) =>
      nodes.map((node) => (node.ariaLabel ?? node.textContent).trim()),
    );
  }

  /** The text of the list item under that heading, with what only screen readers tell; empty before it is there. */
  listItem(name: string): Promise<string> {
    return this.#page.$$eval(
      "li",
      (items, wanted) => {
        const heading = (item: Element) =>
          item.querySelector("h3")?.firstChild?.textContent?.trim();
        const named = items.find((item) => heading(item) === wanted);
        return named?.textContent ?? "";
      },
      name,
    );
  }

  /** The energy of the sound that arrived so far (webrtc-stats `totalAudioEnergy`). */
  energyHeard(): Promise<number> {
    return this.#inbound("totalAudioEnergy");
  }

  /** Whether what arrives now is silence. */
  async isSilent(): Promise<boolean> {
    return (await this.#inbound("audioLevel")) < 0.001;
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
      const { connections } = (globalThis as unknown as { witness: Witness }).witness;
      const reports = await connections.at(-1)?.getStats();
      let found = 0;
      reports?.forEach((report: { type: string } & Partial<Record<typeof name, number>>) => {
        if (report.type === "inbound-rtp") found = report[name] ?? found;
      });
      return found;
    }, value);
  }
}
