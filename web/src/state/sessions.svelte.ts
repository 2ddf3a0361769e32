// The account's sessions, one for each device, for the list that ends them.

import type { Session } from "../protocol/Session";
import type { SessionId } from "../protocol/SessionId";

export interface SessionsPorts {
  list(): Promise<readonly Session[]>;
  end(session: SessionId): Promise<void>;
}

export class SessionList {
  sessions = $state.raw<readonly Session[]>([]);
  phase = $state<"loading" | "ready" | "failed">("loading");
  /** What went wrong, in words for the person. */
  problem = $state<string | null>(null);
  /** The session that is being ended. */
  ending = $state<SessionId | null>(null);

  readonly #ports: SessionsPorts;

  constructor(ports: SessionsPorts) {
    this.#ports = ports;
  }

  async load(): Promise<void> {
    this.phase = "loading";
    this.problem = null;
    try {
      this.sessions = await this.#ports.list();
      this.phase = "ready";
    } catch (error) {
      this.phase = "failed";
      this.problem = words(error);
    }
  }

  async end(session: SessionId): Promise<void> {
    this.ending = session;
    this.problem = null;
    try {
      await this.#ports.end(session);
      this.sessions = this.sessions.filter(({ id }) => id !== session);
    } catch (error) {
      this.problem = words(error);
    } finally {
      this.ending = null;
    }
  }
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : "Something went wrong. Try again.";
}
