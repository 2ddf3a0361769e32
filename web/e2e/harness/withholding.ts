/** A server that keeps to itself some of what it should tell a page. It makes up nothing. */
import type { Page } from "@playwright/test";

import type { ServerFrame } from "../../src/protocol/ServerFrame";

/** What the page is given in place of a frame, in that order. */
export type Rule = (frame: ServerFrame) => readonly object[];

/** Takes its place before a page that is not open yet; what is withheld goes by its rule while `active` is set. */
export class Withholding {
  active = true;
  /** How many frames did not go the plain way. */
  meddled = 0;

  static async at(page: Page, rule: Rule): Promise<Withholding> {
    const withholding = new Withholding();
    await page.routeWebSocket(/\/api\/v1\/socket$/, (toPage) => {
      toPage.connectToServer().onMessage((message) => {
        const plain = String(message);
        const frame = JSON.parse(plain) as ServerFrame;
        const given = withholding.active
          ? rule(frame).map((told) => JSON.stringify(told))
          : [plain];
        if (given.length !== 1 || given[0] !== plain) withholding.meddled += 1;
        for (const told of given) toPage.send(told);
      });
    });
    return withholding;
  }
}

/** The frame with another value wherever it names something; with none where that is `undefined`. */
export function replaced(frame: ServerFrame, name: string, value: unknown): ServerFrame {
  const replace = (key: string, it: unknown): unknown => (key === name ? value : it);
  return JSON.parse(JSON.stringify(frame), replace) as ServerFrame;
}
