// Who is at the two ends of one connection: signs what this side describes, checks what the other side does, and makes the code.
//
// The rule kept here: what `check` has not let pass goes nowhere. It knows one connection from its beginning to its end; how
// the other side's key stands to the person is asked for and not judged.

import { type Anonymous, hasIdentity } from "../call/descriptionRules";
import type { CallDescription } from "../protocol/CallDescription";
import type { CodeCommitment } from "../protocol/CodeCommitment";
import type { CodeNonce } from "../protocol/CodeNonce";
import type { CodePart } from "../protocol/CodePart";
import type { DeviceKey } from "../protocol/DeviceKey";
import type { Role } from "../protocol/Role";
import type { Standing } from "../protocol/Standing";
import { type Forgery, forgeryOf } from "./check";
import { type Code, codeOf, commitmentTo, makeNonce } from "./code";
import { toHex } from "./hex";
import type { Self } from "./identities";
import { type CallName, type End, signedBytes } from "./layout";

/** What came is not the other device's word, or the encrypted path leads to another device. */
export class ForgeryError extends Error {
  override readonly name = "ForgeryError";
  /** Whether it is a description, which may have been meant for a connection before this one. */
  readonly mayBeLate: boolean;

  constructor(what: Forgery | "form" | "commitment" | "certificate") {
    super(`not the other device's word: ${what}`);
    this.mayBeLate = what !== "commitment" && what !== "certificate";
  }
}

export interface ConnectionParties {
  readonly self: Promise<Self>;
  readonly call: CallName;
  readonly role: Role;
  /** How a key stands to the other person. */
  standing(key: DeviceKey): Promise<Standing>;
}

export class ConnectionIdentity {
  readonly #parties: ConnectionParties;
  #own: End | null = null;
  #other: End | null = null;
  /** This side's nonce, where it made the offer that the connection begins with. */
  #offered: CodeNonce | null = null;
  /** The other side's commitment, where that made it. */
  #commitment: CodeCommitment | null = null;
  #answered: CodeNonce | null = null;

  constructor(parties: ConnectionParties) {
    this.#parties = parties;
  }

  /** The nonce to reveal, once the other side's answer was taken; nothing where the other side reveals. */
  get reveal(): CodeNonce | null {
    return this.#other === null ? null : this.#offered;
  }

  /** The own description with what says that it is this device's. */
  async sign(description: Anonymous): Promise<CallDescription> {
    const { call, role } = this.#parties;
    const self = await this.#parties.self;
    this.#own = { key: self.key, fingerprint: description.fingerprint };
    const code = await this.#ownPart(description);
    const unsigned = {
      ...description,
      identity: { attempt: call.attempt, key: self.key, code },
    };
    const begins = code !== null && "commitment" in code;
    const bytes = signedBytes(call, role, unsigned, begins ? null : this.#other);
    const signature = await self.sign(bytes);
    return { ...description, identity: { ...unsigned.identity, signature } };
  }

  /**
   * Checks a description of the other side, whose other values are in due form, and says whose it is and how that key stands.
   *
   * @throws {ForgeryError}
   */
  async check(description: CallDescription): Promise<{ key: DeviceKey; standing: Standing }> {
    if (!hasIdentity(description)) throw new ForgeryError("form");
    const { call, role } = this.#parties;
    const { key, code } = description.identity;
    const { fingerprint } = description;
    const own = this.#own ?? { key: (await this.#parties.self).key, fingerprint: "" };
    const forgery = await forgeryOf({ call, role, own, other: this.#other }, description);
    if (forgery !== null) throw new ForgeryError(forgery);
    this.#other ??= { key, fingerprint };
    if (code !== null && "commitment" in code) {
      // An own offer that crossed this one is given up.
      this.#offered = null;
      this.#commitment = code.commitment;
    } else if (code !== null) {
      this.#answered = code.nonce;
    }
    return { key, standing: await this.#parties.standing(key) };
  }

  /**
   * The other side reveals its nonce.
   *
   * @throws {ForgeryError} where it had promised another one.
   */
  async revealed(nonce: CodeNonce): Promise<Code | null> {
    if (this.#commitment === null || this.#other === null) return null;
    const { attempt } = this.#parties.call;
    if ((await commitmentTo(attempt, this.#other.fingerprint, nonce)) !== this.#commitment) {
      throw new ForgeryError("commitment");
    }
    return this.#code(this.#other, this.#own, nonce);
  }

  /** The code, as the side that made the offer sees it once the answer was taken. */
  async codeOfOfferer(): Promise<Code | null> {
    return this.#offered === null ? null : this.#code(this.#own, this.#other, this.#offered);
  }

  /** Whether a certificate (DER) is the one that the other side signed for. */
  async isOther(certificate: ArrayBuffer): Promise<boolean> {
    return toHex(await crypto.subtle.digest("SHA-256", certificate)) === this.#other?.fingerprint;
  }

  async #ownPart({ kind, fingerprint }: Anonymous): Promise<CodePart | null> {
    if (kind === "offer") {
      if (this.#other !== null) return null;
      this.#offered = makeNonce();
      const { attempt } = this.#parties.call;
      return { commitment: await commitmentTo(attempt, fingerprint, this.#offered) };
    }
    // The connection began with the offer that this answers, unless an answer to it was made before.
    if (this.#commitment === null || this.#answered !== null) return null;
    this.#answered = makeNonce();
    return { nonce: this.#answered };
  }

  async #code(offerer: End | null, answerer: End | null, offered: CodeNonce): Promise<Code | null> {
    const answered = this.#answered;
    if (offerer === null || answerer === null || answered === null) return null;
    const { attempt } = this.#parties.call;
    return codeOf({ attempt, offerer, answerer, offered, answered });
  }
}
