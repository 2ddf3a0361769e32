/**
 * Somebody between a page and its server, who reads and changes what goes over the socket: a server that lies.
 *
 * Set up before the page is opened. What is changed are the descriptions of calls, wherever they stand in a frame.
 */
import type { Page } from "@playwright/test";

import { type End, signedBytes } from "../../src/identity/layout";
import { type KeyPair, makeKeyPair, sign, toDeviceKey } from "../../src/identity/signature";
import type { CallDescription } from "../../src/protocol/CallDescription";

/** What becomes of a description that the page is given. */
export type Change = (description: CallDescription) => CallDescription | Promise<CallDescription>;

/** What somebody in between has seen. */
export class Between {
  /** Whether descriptions are changed from now on. */
  active = true;
  /** The end that the page described last. */
  own: End | null = null;
  /** The two people of the call that the page was told of last. */
  people: { caller: string; callee: string } | null = null;
  /** Every description that the page was to be given. */
  readonly seen: CallDescription[] = [];

  /** Takes its place before a page. */
  static async at(page: Page, change: (between: Between) => Change): Promise<Between> {
    const between = new Between();
    const spoil = change(between);
    await page.routeWebSocket(/\/api\/v1\/socket$/, (toPage) => {
      const toServer = toPage.connectToServer();
      toPage.onMessage((message) => {
        between.#note(JSON.parse(String(message)));
        toServer.send(message);
      });
      // One frame after the other, however long a change takes.
      let tail = Promise.resolve();
      toServer.onMessage((message) => {
        tail = tail.then(async () => {
          const frame: unknown = JSON.parse(String(message));
          toPage.send(JSON.stringify(await between.#changed(frame, spoil)));
        });
      });
    });
    return between;
  }

  #note(value: unknown): void {
    if (!isObject(value)) return;
    if (isDescription(value))
      this.own = { key: value.identity.key, fingerprint: value.fingerprint };
    for (const field of Object.values(value)) this.#note(field);
  }

  async #changed(value: unknown, change: Change): Promise<unknown> {
    if (Array.isArray(value)) {
      return Promise.all(value.map((item: unknown) => this.#changed(item, change)));
    }
    if (!isObject(value)) return value;
    const { caller, callee } = value;
    if (typeof caller === "string" && typeof callee === "string") this.people = { caller, callee };
    if (isDescription(value)) {
      this.seen.push(value);
      return this.active ? change(value) : value;
    }
    const changed: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(value)) {
      changed[name] = await this.#changed(field, change);
    }
    return changed;
  }
}

/** Signs as another device of the callee: one of the liar's own making, or one whose key was stolen. */
export class ForgedDevice {
  readonly #keys: Promise<KeyPair>;

  constructor(keys: Promise<KeyPair> = makeKeyPair()) {
    this.#keys = keys;
  }

  async sign(description: CallDescription, between: Between): Promise<CallDescription> {
    const keys = await this.#keys;
    const identity = { ...description.identity, key: await toDeviceKey(keys) };
    if (between.people === null) throw new Error("no call was seen");
    const call = { attempt: identity.attempt, ...between.people };
    const forged = { ...description, identity };
    const signature = await sign(keys, signedBytes(call, "callee", forged, between.own));
    return { ...forged, identity: { ...identity, signature } };
  }
}

/** Takes a device's key as whoever has the device could. Set up before the page is opened, and asked for once it has a key. */
export class KeyThief {
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  static async at(page: Page): Promise<KeyThief> {
    await page.addInitScript(() => {
      const { subtle } = crypto;
      const generate = subtle.generateKey.bind(subtle) as (
        ...of: [string, boolean, KeyUsage[]]
      ) => Promise<CryptoKeyPair>;
      const stealing = async (name: string, _: boolean, uses: KeyUsage[]) => {
        const pair = await generate(name, true, uses);
        Object.assign(globalThis, { stolen: pair });
        return pair;
      };
      Object.defineProperty(subtle, "generateKey", { value: stealing });
    });
    return new KeyThief(page);
  }

  async keys(): Promise<KeyPair> {
    const [publicHalf, privateHalf] = await this.#page.evaluate(async () => {
      const { stolen } = globalThis as unknown as { stolen: CryptoKeyPair };
      return Promise.all([
        crypto.subtle.exportKey("jwk", stolen.publicKey),
        crypto.subtle.exportKey("jwk", stolen.privateKey),
      ]);
    });
    const { subtle } = crypto;
    return {
      publicKey: await subtle.importKey("jwk", publicHalf, "Ed25519", true, ["verify"]),
      privateKey: await subtle.importKey("jwk", privateHalf, "Ed25519", true, ["sign"]),
    };
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isDescription(value: Record<string, unknown>): value is CallDescription {
  return "fingerprint" in value && isObject(value["identity"]);
}
