// The invites of an administrator: those that are open, and the link of the one just made.

import type { Invite } from "../protocol/Invite";
import type { InviteId } from "../protocol/InviteId";
import type { MadeInvite } from "../protocol/MadeInvite";
import type { NewInvite } from "../protocol/NewInvite";

export interface InvitesPorts {
  list(): Promise<readonly Invite[]>;
  make(wanted: NewInvite): Promise<MadeInvite>;
  withdraw(invite: InviteId): Promise<void>;
}

export class InviteList {
  invites = $state.raw<readonly Invite[]>([]);
  phase = $state<"loading" | "ready" | "failed">("loading");
  /** The invite just made, with its secret, which nobody can look up later. */
  made = $state.raw<MadeInvite | null>(null);
  isMaking = $state(false);
  /** The one that is being withdrawn. */
  withdrawing = $state<InviteId | null>(null);
  /** What went wrong, in words for the person. */
  problem = $state<string | null>(null);

  readonly #ports: InvitesPorts;

  constructor(ports: InvitesPorts) {
    this.#ports = ports;
  }

  async load(): Promise<void> {
    this.phase = "loading";
    this.problem = null;
    try {
      this.invites = await this.#ports.list();
      this.phase = "ready";
    } catch (error) {
      this.phase = "failed";
      this.problem = words(error);
    }
  }

  async make(wanted: NewInvite): Promise<void> {
    this.isMaking = true;
    this.problem = null;
    try {
      this.made = await this.#ports.make(wanted);
      this.invites = [this.made.invite, ...this.invites];
    } catch (error) {
      this.problem = words(error);
    } finally {
      this.isMaking = false;
    }
  }

  async withdraw(invite: InviteId): Promise<void> {
    this.withdrawing = invite;
    this.problem = null;
    try {
      await this.#ports.withdraw(invite);
      this.invites = this.invites.filter(({ id }) => id !== invite);
      if (this.made?.invite.id === invite) this.made = null;
    } catch (error) {
      this.problem = words(error);
    } finally {
      this.withdrawing = null;
    }
  }

  /** The link was seen: it is not shown again. */
  forget(): void {
    this.made = null;
  }
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : "Something went wrong. Try again.";
}
