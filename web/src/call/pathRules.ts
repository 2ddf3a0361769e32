// Which paths this account may look for, as the newest snapshot and the frames since tell it.

import type { PushFrame } from "../net/line";
import type { ConversationId } from "../protocol/ConversationId";
import type { IceServers } from "../protocol/IceServers";
import type { Welcome } from "../protocol/Welcome";
import type { PathRules } from "./access";

export class KnownPathRules implements PathRules {
  readonly #hiddenFrom = new Set<ConversationId>();
  #ice: IceServers;
  #hidesFromAll = true;

  constructor(welcome: Welcome) {
    this.#ice = welcome.ice;
    this.snapshot(welcome);
  }

  get ice(): IceServers {
    return this.#ice;
  }

  hidesFrom(conversation: ConversationId): boolean {
    const byHost = this.#ice.relay === "always";
    return byHost || this.#hidesFromAll || this.#hiddenFrom.has(conversation);
  }

  snapshot({ ice, settings, conversations }: Welcome): void {
    this.#ice = ice;
    this.#hidesFromAll = settings.hide_address;
    this.#hiddenFrom.clear();
    for (const { id, hides_address } of conversations) {
      if (hides_address) this.#hiddenFrom.add(id);
    }
  }

  frame(frame: PushFrame): void {
    if (frame.type === "settings") {
      this.#hidesFromAll = frame.settings.hide_address;
    } else if (frame.type === "conversation") {
      const { id, hides_address } = frame.conversation;
      if (hides_address) this.#hiddenFrom.add(id);
      else this.#hiddenFrom.delete(id);
    }
  }
}
