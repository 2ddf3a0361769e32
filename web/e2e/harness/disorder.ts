/**
 * A server that loses, delays and repeats what it tells a page, kind by kind. It reads the kind of a frame and nothing else.
 */
import type { Page } from "@playwright/test";

/** What becomes of the frames of a kind. */
export type Fate = "late" | "twice" | "never";

/** Frames that come late let all others go first that were sent within this time, in milliseconds. */
const LATE_MS = 700;

/**
 * Takes its place before a page that is not open yet. Kinds that are not named pass at once, and so does everything until
 * `active` is set.
 */
export class Disorder {
  active = false;
  /** How many frames did not go the plain way. */
  meddled = 0;

  static async at(page: Page, fates: Readonly<Record<string, Fate>>): Promise<Disorder> {
    const disorder = new Disorder();
    await page.routeWebSocket(/\/api\/v1\/socket$/, (toPage) => {
      const toServer = toPage.connectToServer();
      toServer.onMessage((message) => {
        const { type } = JSON.parse(String(message)) as { type: string };
        const fate = disorder.active ? fates[type] : undefined;
        if (fate !== undefined) disorder.meddled += 1;
        if (fate === "late") setTimeout(() => toPage.send(message), LATE_MS);
        else if (fate !== "never") toPage.send(message);
        if (fate === "twice") toPage.send(message);
      });
    });
    return disorder;
  }
}
