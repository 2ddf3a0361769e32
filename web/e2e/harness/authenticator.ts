/**
 * What people have beside their password: an authenticator app, and passkeys in a virtual authenticator of Chromium.
 */
import { createHmac } from "node:crypto";

import type { CDPSession } from "@playwright/test";

import type { Person } from "./person";

const STEP_MS = 30_000;
/** RFC 4648 §6. */
const BASE_32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** An authenticator app with one secret, written from RFC 6238 and nothing of ours. */
export class AuthenticatorApp {
  readonly #secret: Buffer;
  /** The step whose code was shown last. */
  #shown = 0;

  constructor(secret: string) {
    const bits = Array.from(secret.replaceAll(" ", ""))
      .map((letter) => BASE_32.indexOf(letter).toString(2).padStart(5, "0"))
      .join("");
    const bytes = bits.match(/.{8}/g) ?? [];
    this.#secret = Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)));
  }

  /**
   * A code that was not shown before. The server takes that of the step to come as well, and each once: so a story
   * has two codes at hand, and waits for none.
   */
  next(): string {
    const now = Math.floor(Date.now() / STEP_MS);
    this.#shown = Math.max(now, this.#shown + 1);
    if (this.#shown > now + 1)
      throw new Error("A third code within one step: the server takes two.");
    return this.#code(this.#shown);
  }

  #code(step: number): string {
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(step));
    const mac = createHmac("sha1", this.#secret).update(counter).digest();
    const offset = (mac[19] ?? 0) & 15;
    return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
  }
}

/** The authenticator built into somebody's device, which holds passkeys and knows its owner. */
export class Passkeys {
  readonly #protocol: CDPSession;
  readonly #authenticator: string;

  private constructor(protocol: CDPSession, authenticator: string) {
    this.#protocol = protocol;
    this.#authenticator = authenticator;
  }

  static async in(person: Person): Promise<Passkeys> {
    const protocol = await person.context.newCDPSession(person.page);
    await protocol.send("WebAuthn.enable");
    const { authenticatorId } = await protocol.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    return new Passkeys(protocol, authenticatorId);
  }

  /** Whether the device knows the finger that touches it. */
  async recognise(knows: boolean): Promise<void> {
    await this.#protocol.send("WebAuthn.setUserVerified", {
      authenticatorId: this.#authenticator,
      isUserVerified: knows,
    });
  }

  /** How many passkeys it holds. */
  async count(): Promise<number> {
    return (await this.#credentials()).length;
  }

  /** Puts the passkeys back as they were when `work` began: what a copy of them would be. */
  async asCopied(work: () => Promise<void>): Promise<void> {
    const copies = await this.#credentials();
    await work();
    await this.#protocol.send("WebAuthn.clearCredentials", {
      authenticatorId: this.#authenticator,
    });
    for (const credential of copies) {
      await this.#protocol.send("WebAuthn.addCredential", {
        authenticatorId: this.#authenticator,
        credential,
      });
    }
  }

  async #credentials() {
    const { credentials } = await this.#protocol.send("WebAuthn.getCredentials", {
      authenticatorId: this.#authenticator,
    });
    return credentials;
  }
}
