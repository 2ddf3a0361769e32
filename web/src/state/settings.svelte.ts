// What the person decided about being called, the same on all their devices.
//
// A change is shown at once and sent as a whole, one after the other; where it cannot be stored, what
// the server has is shown again, with the reason.

import type { Settings } from "../protocol/Settings";

export class AccountSettings {
  /** As the person wants them; nothing before the first snapshot. */
  current = $state.raw<Settings | null>(null);
  /** Why the last change was not stored, in words for the person. */
  problem = $state<string | null>(null);

  /** What the server told last. */
  #stored: Settings | null = null;
  #isSending = false;
  readonly #store: (settings: Settings) => Promise<Settings>;

  constructor(store: (settings: Settings) => Promise<Settings>) {
    this.#store = store;
  }

  /** The server told the settings: in a snapshot, or because some device changed them. */
  told(settings: Settings): void {
    this.#stored = settings;
    // While a change is on its way, what is told may be older than what is wanted.
    if (!this.#isSending) this.current = settings;
  }

  /** Changes some of them. */
  change(change: Partial<Settings>): void {
    if (this.current === null) return;
    this.current = { ...this.current, ...change };
    this.problem = null;
    void this.#send();
  }

  async #send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      let sent: Settings | null = null;
      while (this.current !== null && this.current !== sent) {
        sent = this.current;
        this.#stored = await this.#store(sent);
      }
    } catch (error) {
      this.problem = error instanceof Error ? error.message : "It could not be saved. Try again.";
    } finally {
      this.#isSending = false;
      this.current = this.#stored;
    }
  }
}
