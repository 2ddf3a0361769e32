// Which conversation is open, kept in the page's address so that a reload and the browser's back
// button do what people expect.

import type { ConversationId } from "../protocol/ConversationId";

const PATH = /^\/c\/([0-9a-f-]{36})$/;

/** The part of the browser that is used. */
export interface RoutePorts {
  location: Pick<Location, "pathname">;
  history: Pick<History, "pushState" | "replaceState" | "back" | "state">;
  target: Pick<Window, "addEventListener">;
}

export class Route {
  conversation = $state<ConversationId | null>(null);

  readonly #ports: RoutePorts;
  readonly #stop = new AbortController();

  constructor(ports: RoutePorts) {
    this.#ports = ports;
    this.#read();
    ports.target.addEventListener("popstate", () => this.#read(), { signal: this.#stop.signal });
  }

  open(conversation: ConversationId): void {
    if (conversation === this.conversation) return;
    // From one conversation to the next, "back" still means the list.
    const from = this.conversation;
    this.conversation = conversation;
    const { history } = this.#ports;
    if (from === null) history.pushState({ fromList: true }, "", `/c/${conversation}`);
    else history.replaceState(history.state, "", `/c/${conversation}`);
  }

  /** Back to the list. */
  close(): void {
    if (this.conversation === null) return;
    const { history } = this.#ports;
    if (isFromList(history.state)) {
      history.back();
      return;
    }
    history.replaceState(null, "", "/");
    this.conversation = null;
  }

  dispose(): void {
    this.#stop.abort();
  }

  #read(): void {
    this.conversation = PATH.exec(this.#ports.location.pathname)?.[1] ?? null;
  }
}

function isFromList(state: unknown): boolean {
  return typeof state === "object" && state !== null && "fromList" in state;
}
