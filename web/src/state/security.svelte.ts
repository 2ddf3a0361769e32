// How the person signs in: password, authenticator app, passkeys, recovery codes, and changing them.
//
// The server asks for a proof of who sits there before it changes one of them. What the person wanted then waits, and is
// done once the proof is given.

import { RequestFailed } from "../net/http";
import type { AuthenticatorAppSetup } from "../protocol/AuthenticatorAppSetup";
import type { ChangePassword } from "../protocol/ChangePassword";
import type { Confirmation } from "../protocol/Confirmation";
import type { Factors } from "../protocol/Factors";
import type { FactorsChanged } from "../protocol/FactorsChanged";
import type { PasskeyChallenge } from "../protocol/PasskeyChallenge";
import type { PasskeyId } from "../protocol/PasskeyId";

export interface SecurityPorts {
  factors(): Promise<Factors>;
  beginApp(): Promise<AuthenticatorAppSetup>;
  addApp(code: string): Promise<FactorsChanged>;
  removeApp(): Promise<FactorsChanged>;
  newRecoveryCodes(): Promise<FactorsChanged>;
  beginPasskey(): Promise<object>;
  addPasskey(name: string, credential: object): Promise<FactorsChanged>;
  renamePasskey(id: PasskeyId, name: string): Promise<FactorsChanged>;
  removePasskey(id: PasskeyId): Promise<FactorsChanged>;
  askPasskey(): Promise<PasskeyChallenge>;
  confirm(proof: Confirmation): Promise<void>;
  changePassword(change: ChangePassword): Promise<void>;
  /** Has the browser make a passkey, or ask for one. */
  makePasskey(options: object): Promise<object>;
  usePasskey(options: object): Promise<object>;
}

/** Something the person wants, which may have to wait for a proof. */
type Wish = () => Promise<void>;

export class Security {
  /** Nothing until they were loaded. */
  factors = $state.raw<Factors | null>(null);
  /** A request is under way; one at a time. */
  isBusy = $state(false);
  /** What went wrong, in words for the person. */
  problem = $state<string | null>(null);
  /** The secret of an authenticator app that is being set up. */
  setup = $state.raw<AuthenticatorAppSetup | null>(null);
  /** Recovery codes to be kept by the person; they are shown this once. */
  recoveryCodes = $state.raw<readonly string[] | null>(null);
  /** Something waits until the person has proven who they are. */
  isAsking = $state(false);
  /** The password was changed a moment ago. */
  isPasswordChanged = $state(false);

  #wish: Wish | null = null;
  readonly #ports: SecurityPorts;

  constructor(ports: SecurityPorts) {
    this.#ports = ports;
  }

  async load(): Promise<void> {
    await this.#do(async () => {
      this.factors = await this.#ports.factors();
    });
  }

  async beginApp(): Promise<void> {
    await this.#do(async () => {
      this.setup = await this.#ports.beginApp();
    });
  }

  async addApp(code: string): Promise<void> {
    await this.#do(async () => {
      this.#changed(await this.#ports.addApp(code));
      this.setup = null;
    });
  }

  cancelApp(): void {
    this.setup = null;
    this.problem = null;
  }

  async removeApp(): Promise<void> {
    await this.#do(async () => this.#changed(await this.#ports.removeApp()));
  }

  async newRecoveryCodes(): Promise<void> {
    await this.#do(async () => this.#changed(await this.#ports.newRecoveryCodes()));
  }

  /** The person has kept the codes. */
  codesKept(): void {
    this.recoveryCodes = null;
  }

  async addPasskey(name: string): Promise<void> {
    await this.#do(async () => {
      const credential = await this.#ports.makePasskey(await this.#ports.beginPasskey());
      this.#changed(await this.#ports.addPasskey(name, credential));
    });
  }

  async renamePasskey(id: PasskeyId, name: string): Promise<void> {
    await this.#do(async () => this.#changed(await this.#ports.renamePasskey(id, name)));
  }

  async removePasskey(id: PasskeyId): Promise<void> {
    await this.#do(async () => this.#changed(await this.#ports.removePasskey(id)));
  }

  /** Without the current password where a passkey is the proof. */
  async changePassword(change: ChangePassword): Promise<void> {
    this.isPasswordChanged = false;
    await this.#do(async () => {
      await this.#ports.changePassword(change);
      this.isPasswordChanged = true;
    });
  }

  confirmByPassword(password: string): Promise<void> {
    return this.#confirm(() => Promise.resolve({ type: "password", password }));
  }

  confirmByPasskey(): Promise<void> {
    return this.#confirm(async () => {
      const { challenge, options } = await this.#ports.askPasskey();
      const credential = await this.#ports.usePasskey(options);
      return { type: "passkey", passkey: { challenge, credential } };
    });
  }

  /** The person does not want it any more. */
  giveUp(): void {
    this.#wish = null;
    this.isAsking = false;
    this.problem = null;
  }

  async #confirm(prove: () => Promise<Confirmation>): Promise<void> {
    const wish = this.#wish;
    const isConfirmed = await this.#do(async () => this.#ports.confirm(await prove()));
    if (!isConfirmed) return;
    this.giveUp();
    if (wish !== null) await this.#do(wish);
  }

  /** Whether it was done. */
  async #do(wish: Wish): Promise<boolean> {
    if (this.isBusy) return false;
    this.isBusy = true;
    this.problem = null;
    try {
      await wish();
      return true;
    } catch (error) {
      if (error instanceof RequestFailed && error.code === "confirmation_required") {
        this.#wish = wish;
        this.isAsking = true;
      } else {
        this.problem = words(error);
      }
      return false;
    } finally {
      this.isBusy = false;
    }
  }

  #changed({ factors, recovery_codes }: FactorsChanged): void {
    this.factors = factors;
    if (recovery_codes !== undefined) this.recoveryCodes = recovery_codes;
    else if (factors.recovery_codes_left === 0) this.recoveryCodes = null;
  }
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : "Something went wrong. Try again.";
}
