// What was typed and not sent, for each conversation of an account. It survives a reload.

import type { ConversationId } from "../protocol/ConversationId";
import type { UserId } from "../protocol/UserId";

export class Drafts {
  readonly #prefix: string;
  readonly #storage: Storage;

  constructor(me: UserId, storage: Storage) {
    this.#prefix = `ahoy.draft.${me}.`;
    this.#storage = storage;
  }

  get(conversation: ConversationId): string {
    return this.#storage.getItem(this.#prefix + conversation) ?? "";
  }

  set(conversation: ConversationId, text: string): void {
    const key = this.#prefix + conversation;
    try {
      if (text === "") this.#storage.removeItem(key);
      else this.#storage.setItem(key, text);
    } catch {
      // A full or forbidden storage costs the survival of a reload, not what stands in the field.
    }
  }

  /** Forgets all of this account's. */
  clear(): void {
    for (const key of Object.keys(this.#storage)) {
      if (key.startsWith(this.#prefix)) this.#storage.removeItem(key);
    }
  }
}
