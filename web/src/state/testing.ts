// What tests of the state are made with: a line without a socket, a storage without a browser.

import type { Line, RequestOptions } from "../net/line";
import { Disconnected } from "../net/line";
import type { Outcome } from "../protocol/Outcome";
import type { RequestBody } from "../protocol/RequestBody";

export interface Asked {
  body: RequestBody;
  options: RequestOptions;
  resolve: (outcome: Outcome) => void;
  reject: (error: Error) => void;
}

/** A line whose answers the test gives. */
export class TestLine implements Line {
  open = true;
  readonly asked: Asked[] = [];

  request(body: RequestBody, options: RequestOptions = {}): Promise<Outcome> {
    if (!this.open && options.resend !== true) return Promise.reject(new Disconnected());
    return new Promise((resolve, reject) => {
      this.asked.push({ body, options, resolve, reject });
    });
  }

  inCall(): void {}

  check(): void {}

  listen(): () => void {
    return () => undefined;
  }

  /** The types of what was asked. */
  get types(): string[] {
    return this.asked.map(({ body }) => body.type);
  }
}

/** A storage like a browser's: its keys are its own properties. */
export function testStorage(): Storage {
  const storage: Record<string, string> = {};
  const methods = {
    getItem: (key: string) => storage[key] ?? null,
    setItem: (key: string, value: string) => void (storage[key] = value),
    removeItem: (key: string) => void Reflect.deleteProperty(storage, key),
  };
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(storage, name, { value, enumerable: false });
  }
  return storage as unknown as Storage;
}
