// Requests that wait for their answer. Each gets exactly one: what the server says, or that the
// line went down. One that is sent later than it was wanted says how old it is, so that the server
// dates a hang-up by the press and not by the return of the network. It knows nothing of sockets;
// `socket.ts` sends and tells it what happened.

import type { Outcome } from "../protocol/Outcome";
import type { Request } from "../protocol/Request";
import type { RequestBody } from "../protocol/RequestBody";
import type { RequestError } from "../protocol/RequestError";

import { Disconnected, RequestRefused } from "./line";

interface Waiting {
  frame: Request;
  /** When it was first wanted, by the clock of the requests. */
  wantedAt: number;
  resend: boolean;
  resolve(outcome: Outcome): void;
  reject(error: Error): void;
}

export class Requests {
  #nextId = 1;
  // A Map keeps the order in which requests were made, and so the order in which they are sent again.
  readonly #waiting = new Map<number, Waiting>();
  readonly #clock: () => number;

  /** `clock` tells milliseconds and never goes back, whatever happens to the device's calendar. */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Takes a request in; `frame` is what to send. */
  add(body: RequestBody, resend: boolean): { frame: Request; answer: Promise<Outcome> } {
    const frame: Request = { id: this.#nextId, ...body };
    this.#nextId += 1;
    const answer = new Promise<Outcome>((resolve, reject) => {
      this.#waiting.set(frame.id, { frame, wantedAt: this.#clock(), resend, resolve, reject });
    });
    return { frame, answer };
  }

  /** The server carried a request out. An id that nobody waits for is ignored. */
  ok(id: number, outcome: Outcome): void {
    this.#take(id)?.resolve(outcome);
  }

  /** The server refused a request. */
  error(error: RequestError): void {
    if (error.id === undefined) return;
    this.#take(error.id)?.reject(new RequestRefused(error.code, error.message, error.retry_after));
  }

  /** The line went down: what cannot be sent again fails, the rest waits for {@link unanswered}. */
  down(): void {
    for (const [id, { resend }] of [...this.#waiting]) {
      if (!resend) this.#take(id)?.reject(new Disconnected());
    }
  }

  /** What to send once the line is open again, oldest first, each with its age. */
  unanswered(): Request[] {
    const now = this.#clock();
    return Array.from(this.#waiting.values(), ({ frame, wantedAt }) => ({
      ...frame,
      age: Math.max(Math.round(now - wantedAt), 0),
    }));
  }

  /** The line is gone for good: everything fails. */
  close(): void {
    for (const id of [...this.#waiting.keys()]) this.#take(id)?.reject(new Disconnected());
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}
