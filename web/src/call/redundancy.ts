// Deeper redundancy of the sound that is sent, where losses ask for it.
//
// One worker for all connections of the page does it (`redWorker.ts`). A sender goes through it only if it runs already, for
// a sender whose worker never comes is silent; and from the beginning, because Chromium takes no transform later on. Where
// a browser has no transforms, its own redundancy is all there is.

import redWorker from "./redWorker.ts?worker&url";
import type { Belongings } from "./belongings";
import { FIRST_DEPTH, heed } from "./redDepth";

/** What the worker is told of a sender: how deep to repeat, or that it is gone. */
export type SenderWord = { readonly depth: number } | { readonly ended: true };

/** What is used of Trusted Types (W3C), which TypeScript's standard library lacks. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): { createScriptURL(url: string): object };
}

/** A call that is taken up while the page loads waits so long for the worker. */
const PATIENCE_MS = 300;

let worker: Worker | null = null;
let isReady = false;
let readiness = Promise.resolve();

/** Starts the worker, so that it runs when the first call is made. */
export function prepareRedundancy(): void {
  if (worker !== null || !("RTCRtpScriptTransform" in globalThis)) return;
  const begun = new Worker(trusted(redWorker), { type: "module" });
  worker = begun;
  readiness = new Promise((resolve) => {
    setTimeout(resolve, PATIENCE_MS);
    begun.addEventListener(
      "message",
      () => {
        isReady = true;
        resolve();
      },
      { once: true },
    );
  });
}

/** The page's policy lets no text become the address of a script but this one (Trusted Types, where a browser has them). */
function trusted(address: string): string {
  const factory = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
  if (factory === undefined) return address;
  const policy = factory.createPolicy("ahoy-worker", { createScriptURL: (url) => url });
  // What the standard library does not know yet: a worker takes the trusted address in place of the text.
  return policy.createScriptURL(address) as unknown as string;
}

/** Settles once the worker runs, or nobody should wait for it any longer. */
export function redundancyReady(): Promise<void> {
  return readiness;
}

/** The redundancy of one sender. */
export class Redundancy {
  readonly #port: MessagePort;
  #state = FIRST_DEPTH;

  private constructor(port: MessagePort) {
    this.#port = port;
  }

  /** Sends a sender's packets through the worker, for as long as the belongings last; nothing where that cannot be. */
  static of(sender: RTCRtpSender, belongings: Belongings): Redundancy | null {
    if (worker === null || !isReady) return null;
    const { port1, port2 } = new MessageChannel();
    sender.transform = new RTCRtpScriptTransform(worker, { port: port2 }, [port2]);
    belongings.signal.addEventListener("abort", () => {
      port1.postMessage({ ended: true } satisfies SenderWord);
      port1.close();
    });
    return new Redundancy(port1);
  }

  /** Goes by what the other side reports in the statistics of the connection. */
  heed(stats: Iterable<object>, now: number): void {
    for (const report of stats as Iterable<RemoteStats>) {
      if (report.type !== "remote-inbound-rtp" || report.fractionLost === undefined) continue;
      const { fractionLost: lost, roundTripTime } = report;
      const roundTripMs = roundTripTime === undefined ? null : roundTripTime * 1_000;
      const before = this.#state.depth;
      this.#state = heed(this.#state, { lost, roundTripMs }, now);
      const { depth } = this.#state;
      if (depth !== before) this.#port.postMessage({ depth } satisfies SenderWord);
    }
  }
}

/** What `RTCStatsReport` holds of what the other side receives (webrtc-stats `RTCRemoteInboundRtpStreamStats`). */
interface RemoteStats {
  readonly type: string;
  /** 0 to 1. */
  readonly fractionLost?: number;
  /** In seconds. */
  readonly roundTripTime?: number;
}
