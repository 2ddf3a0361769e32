/**
 * Counts what leaves a page's worker of redundant audio, packet by packet: how many earlier ones each repeats.
 *
 * It stands in the worker itself, between the product's transform and the browser, which sends what the transform gives.
 * It reads the headers of RFC 2198 by itself; the browser's statistics name Opus, whether redundancy is around it or not.
 */
import { expect, type Page } from "@playwright/test";

/** How many packets left with so many repeats, by that number. */
type Counts = Record<number, number>;

export class Repeats {
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  /** Takes its place in every worker of a page that is not open yet. */
  static async at(page: Page): Promise<Repeats> {
    await page.route(/redWorker[^/?]*\.js$/, (route) =>
      route.fulfill({
        contentType: "text/javascript",
        body: `(${countRepeats.toString()})(); await import("${route.request().url()}?uncounted");`,
      }),
    );
    return new Repeats(page);
  }

  /** Waits until packets leave that repeat so many earlier ones, from now on and at most so many milliseconds. */
  async leave(repeats: number, within: number): Promise<void> {
    const before = (await this.#counts())[repeats] ?? 0;
    await expect
      .poll(async () => (await this.#counts())[repeats] ?? 0, {
        message: `packets that repeat ${repeats}`,
        timeout: within,
        intervals: [100],
      })
      .toBeGreaterThan(before + 10);
  }

  /** Of the document that is open: a page that is loaded anew has another worker. */
  async #counts(): Promise<Counts> {
    const worker = this.#page.workers().at(-1);
    if (worker === undefined) return {};
    return worker.evaluate<Counts>("repeats");
  }
}

/** Runs in the worker before its own code. Must be self-contained. */
function countRepeats(): void {
  const repeats: Counts = {};
  Object.assign(globalThis, { repeats });

  function count(frame: RTCEncodedAudioFrame): void {
    const { mimeType } = frame.getMetadata() as { mimeType?: string };
    if (mimeType?.toLowerCase() !== "audio/red") return;
    const bytes = new Uint8Array(frame.data);
    let found = 0;
    while (((bytes[found * 4] ?? 0) & 0x80) !== 0) found += 1;
    repeats[found] = (repeats[found] ?? 0) + 1;
  }

  type Transform = TransformerTransformCallback<RTCEncodedAudioFrame, RTCEncodedAudioFrame>;
  const Plain = TransformStream<RTCEncodedAudioFrame, RTCEncodedAudioFrame>;
  Object.assign(globalThis, {
    TransformStream: class extends Plain {
      constructor({ transform }: { transform: Transform }) {
        super({
          transform(frame, controller) {
            const counting = {
              enqueue(sent: RTCEncodedAudioFrame) {
                count(sent);
                controller.enqueue(sent);
              },
            };
            return transform(frame, counting as typeof controller);
          },
        });
      }
    },
  });
}
