// The control channel: what the two devices of a call say to each other directly.
//
// Both sides make it with the same number, so it needs no negotiation. What the other side sends is
// read strictly (`control.ts`), and what cannot be read, or comes too fast, is passed over. What is said while it is not
// open is lost here; the socket carries everything that matters as well.

import type { ControlMessage } from "../protocol/ControlMessage";
import type { Belongings } from "./belongings";
import { readControl, writeControl } from "./control";

/** Messages of the other side that are read each second, after as many at once; an honest one sends about 12. */
const MESSAGES_PER_SECOND = 50;

/** What the control channel tells. */
export interface ControlEvents {
  /** What is said from now on arrives. */
  controlOpened(): void;
  /** The other side said something. */
  control(message: ControlMessage): void;
}

export class ControlChannel {
  readonly #channel: RTCDataChannel;
  #readable = MESSAGES_PER_SECOND;

  constructor(rtc: RTCPeerConnection, events: ControlEvents, belongings: Belongings) {
    this.#channel = rtc.createDataChannel("control", { negotiated: true, id: 0 });
    belongings.listen(this.#channel, "open", () => events.controlOpened());
    belongings.every(1000, () => (this.#readable = MESSAGES_PER_SECOND));
    belongings.listen(this.#channel, "message", ({ data }: MessageEvent) => {
      if (this.#readable === 0) return;
      this.#readable -= 1;
      const message = readControl(data);
      if (message) events.control(message);
    });
  }

  send(message: ControlMessage): void {
    if (this.#channel.readyState === "open") this.#channel.send(writeControl(message));
  }

  /** Waits until everything said has left this device, at most so many milliseconds. */
  drained(within: number): Promise<void> {
    return drained(this.#channel, within);
  }
}

/** The part of a data channel that a goodbye needs. */
export type Draining = Pick<RTCDataChannel, "readyState" | "bufferedAmount"> & EventTarget;

/** See {@link ControlChannel.drained}. Settles at once where there is nothing to wait for. */
export function drained(channel: Draining, within: number): Promise<void> {
  if (channel.readyState !== "open" || channel.bufferedAmount === 0) return Promise.resolve();
  return new Promise((resolve) => {
    const waiting = new AbortController();
    const done = (): void => {
      clearTimeout(timer);
      waiting.abort();
      resolve();
    };
    const timer = setTimeout(done, within);
    for (const event of ["bufferedamountlow", "close", "error"]) {
      channel.addEventListener(event, done, { signal: waiting.signal });
    }
  });
}
