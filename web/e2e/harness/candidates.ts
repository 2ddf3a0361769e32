/** The addresses that a page tells: to the server over its sockets, and to the other device over the control channel. */
import type { Page } from "@playwright/test";

import type { Candidate } from "../../src/protocol/Candidate";

type Told = { type?: string; candidates?: Candidate[] };

/** Every candidate that a page sends from now on; before it opens anything. */
export async function candidatesSent(page: Page): Promise<Candidate[]> {
  const sent: Candidate[] = [];
  const take = (text: string): void => {
    const { candidates } = JSON.parse(text) as Told;
    sent.push(...(candidates ?? []));
  };
  page.on("websocket", (socket) => {
    socket.on("framesent", ({ payload }) => take(payload.toString()));
  });
  await page.exposeFunction("tookFromChannel", take);
  await page.addInitScript(() => {
    // The method is called on the channel that it belongs to, below.
    // eslint-disable-next-line @typescript-eslint/unbound-method
    const send = RTCDataChannel.prototype.send as (this: RTCDataChannel, text: string) => void;
    RTCDataChannel.prototype.send = function (text: unknown) {
      (globalThis as unknown as { tookFromChannel(text: unknown): void }).tookFromChannel(text);
      send.call(this, text as string);
    };
  });
  return sent;
}
