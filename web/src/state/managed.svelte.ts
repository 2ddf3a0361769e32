// The accounts of the server, as an administrator manages them.

import type { ManagedAccount } from "../protocol/ManagedAccount";
import type { ManagedAccounts } from "../protocol/ManagedAccounts";
import type { PasswordReset } from "../protocol/PasswordReset";
import type { UserId } from "../protocol/UserId";

export interface ManagedPorts {
  /** A page of them, from after a username. */
  list(after: string | null): Promise<ManagedAccounts>;
  disable(account: UserId, disabled: boolean): Promise<ManagedAccount>;
  reset(account: UserId): Promise<PasswordReset>;
}

export class ManagedList {
  accounts = $state.raw<readonly ManagedAccount[]>([]);
  more = $state(false);
  phase = $state<"loading" | "ready" | "failed">("loading");
  /** The account that is being changed. */
  changing = $state<UserId | null>(null);
  /** The link just made, with its secret, which nobody can look up later. */
  reset = $state.raw<{ account: UserId; link: PasswordReset } | null>(null);
  /** What went wrong, in words for the person. */
  problem = $state<string | null>(null);

  readonly #ports: ManagedPorts;

  constructor(ports: ManagedPorts) {
    this.#ports = ports;
  }

  /** From the beginning. */
  async load(): Promise<void> {
    this.accounts = [];
    this.reset = null;
    await this.#load(null);
  }

  /** The next page. */
  async loadMore(): Promise<void> {
    await this.#load(this.accounts.at(-1)?.person.username ?? null);
  }

  /** Reads nothing of what it changes before it waits: an effect that calls {@link load} would run for ever. */
  async #load(last: string | null): Promise<void> {
    this.phase = "loading";
    this.problem = null;
    try {
      const { accounts, more } = await this.#ports.list(last);
      this.accounts = [...this.accounts, ...accounts];
      this.more = more;
      this.phase = "ready";
    } catch (error) {
      this.phase = "failed";
      this.problem = words(error);
    }
  }

  async disable(account: UserId, disabled: boolean): Promise<void> {
    await this.#change(account, async () => {
      const changed = await this.#ports.disable(account, disabled);
      this.accounts = this.accounts.map((one) => (one.person.id === account ? changed : one));
    });
  }

  async resetPassword(account: UserId): Promise<void> {
    await this.#change(account, async () => {
      this.reset = { account, link: await this.#ports.reset(account) };
    });
  }

  async #change(account: UserId, work: () => Promise<void>): Promise<void> {
    this.changing = account;
    this.problem = null;
    try {
      await work();
    } catch (error) {
      this.problem = words(error);
    } finally {
      this.changing = null;
    }
  }
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : "Something went wrong. Try again.";
}
