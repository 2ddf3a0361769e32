/** Views that stories reach late or never, as the gallery shows them: who signs in and how, who may, and who is on the line. */
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import { createServer, type ViteDevServer } from "vite";

import { follow, open, OTHERS, PRESSED } from "./harness/gallery";

const PICKED = /^(accounts|choose|first|invite|pictures|recovery|second|sessions|signing|strange)/;
const CALLS = ["new-device", "new-caller", "forged", "verified"];

const PHONE = { width: 360, height: 740 };

let gallery: ViteDevServer;

test.beforeAll(async () => {
  gallery = await createServer({ server: { port: 0 }, logLevel: "error" });
  await gallery.listen();
});

test.afterAll(() => gallery.close());

test("every view can be read in light and dark, fits a phone, needs no mouse, and keeps still", async ({
  browser,
}) => {
  // Some forty views, with two seconds or more for each.
  test.setTimeout(300_000);
  const context = await browser.newContext({
    locale: "en-GB",
    viewport: PHONE,
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  for (const [name, { wishes, press }] of views()) {
    await test.step(name, async () => {
      await open(page, gallery.resolvedUrls?.local[0] ?? "", wishes);
      for (const step of press) await follow(page, step);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        await expectAccessible(page, `${name}, ${colorScheme}`);
      }
      await expectToFit(page, name);
      await expectStill(page, name);
      await expectReachable(page, name);
    });
  }
  await context.close();
});

function views(): [string, (typeof PRESSED)[string]][] {
  return [
    ...CALLS.map((call) => [call, `open=1&call=${call}`]),
    ...Object.entries(OTHERS).filter(([name]) => PICKED.test(name)),
  ]
    .map(([name = "", wishes = ""]): [string, (typeof PRESSED)[string]] => [
      name,
      { wishes, press: [] },
    ])
    .concat(Object.entries(PRESSED).filter(([name]) => PICKED.test(name)));
}

async function expectAccessible(page: Page, name: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const serious = violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join("\n    ")}`);
  expect.soft(serious, name).toEqual([]);
}

/** Nothing is cut off at the side, and no word is broken that is none of a person's. */
async function expectToFit(page: Page, name: string): Promise<void> {
  const tooWide = await page.evaluate(() =>
    [...document.querySelectorAll("dialog[open], dialog[open] .scroll, main, .card, ol, html")]
      .filter((element) => element.scrollWidth > element.clientWidth + 1)
      .map((element) => `${element.tagName} ${element.className}`),
  );
  expect.soft(tooWide, name).toEqual([]);
  const broken = await page.evaluate(() =>
    [...document.querySelectorAll(".drawing + span")]
      .filter((element) => {
        const range = document.createRange();
        range.selectNodeContents(element);
        const words = element.textContent.split(" ").length;
        return range.getClientRects().length > words;
      })
      .map((element) => element.textContent),
  );
  expect.soft(broken, name).toEqual([]);
}

/** Who asked for less motion sees none. */
async function expectStill(page: Page, name: string): Promise<void> {
  const moving = await page.evaluate(() =>
    document
      .getAnimations()
      .filter(({ effect }) => Number(effect?.getComputedTiming().activeDuration) > 1)
      .map(({ id, effect }) => `${id} ${String(effect?.getComputedTiming().activeDuration)}`),
  );
  expect.soft(moving, name).toEqual([]);
}

/** Tab comes to every control of the topmost dialog or of the page, and each shows that it has the focus. */
async function expectReachable(page: Page, name: string): Promise<void> {
  const count = await page.evaluate(() => {
    const controls = [
      ...document.querySelectorAll<HTMLElement>("button, input, select, a, summary"),
    ]
      .filter(
        (control) => !control.matches(":disabled, [tabindex='-1'], [type=radio]:not(:checked)"),
      )
      .filter((control) => control.closest("[inert]") === null && control.checkVisibility());
    const top = [...document.querySelectorAll("dialog:modal")].at(-1);
    const all = controls.filter((control) => top === undefined || top.contains(control));
    for (const control of all) control.dataset["stop"] = "missed";
    return all.length;
  });
  // Twice, because dialogs begin anywhere, and browsers let the focus out to their own controls between.
  for (let i = 0; i < 2 * count + 2; i += 1) {
    await page.keyboard.press("Tab");
    await page.evaluate(() => {
      const control = document.activeElement;
      if (!(control instanceof HTMLElement) || control.dataset["stop"] === undefined) return;
      // On the control, or drawn by what is around it or first in it.
      const ringed = [control, control.parentElement, control.firstElementChild];
      const shows = ringed.some((around) => {
        if (around === null) return false;
        const { outlineStyle, boxShadow } = getComputedStyle(around);
        return outlineStyle !== "none" || boxShadow !== "none";
      });
      control.dataset["stop"] = shows ? "seen" : "unseen";
    });
  }
  const faults = await page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("[data-stop]:not([data-stop=seen])")].map(
      (control) => `${control.dataset["stop"] ?? ""}: ${control.outerHTML.slice(0, 120)}`,
    ),
  );
  expect.soft(faults, name).toEqual([]);
}
