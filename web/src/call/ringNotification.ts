// Tells of an incoming call outside the page, while the page is not looked at: a notification, and the title.
//
// A notification only where the person allowed them before; nothing here asks for that. It knows the
// names of the conversations so that it can say who calls.

import { isolated } from "./isolated";
import type { LineListener } from "../net/line";
import type { ConversationId } from "../protocol/ConversationId";
import { RingTitle } from "./ringTitle";

export class RingNotification implements LineListener {
  readonly #names = new Map<ConversationId, string>();
  readonly #title = new RingTitle(document);
  readonly #page = new AbortController();
  #ringing: ConversationId | null = null;
  #shown: Notification | null = null;

  constructor() {
    const { signal } = this.#page;
    document.addEventListener("visibilitychange", () => this.#notify(), { signal });
  }

  welcome({ conversations }: Parameters<NonNullable<LineListener["welcome"]>>[0]): void {
    this.#names.clear();
    for (const { id, person } of conversations) this.#names.set(id, person.display_name);
  }

  frame(frame: Parameters<NonNullable<LineListener["frame"]>>[0]): void {
    if (frame.type !== "conversation") return;
    const { id, person } = frame.conversation;
    this.#names.set(id, person.display_name);
  }

  /** Shows who calls, whenever the page is not looked at, until {@link clear}. */
  show(conversation: ConversationId): void {
    this.#ringing = conversation;
    this.#title.show(this.#text(conversation));
    this.#notify();
  }

  /** The call no longer rings. */
  clear(): void {
    this.#ringing = null;
    this.#title.clear();
    this.#close();
  }

  /** Nothing is shown any more. */
  dispose(): void {
    this.clear();
    this.#page.abort();
  }

  #text(conversation: ConversationId): string {
    const name = this.#names.get(conversation);
    return name === undefined ? "Incoming call" : `${isolated(name)} calls`;
  }

  #notify(): void {
    if (this.#ringing === null || this.#shown || !document.hidden || !isAllowed()) return;
    const notification = new Notification(this.#text(this.#ringing), {
      body: "Ahoy voice call",
      tag: this.#ringing,
      requireInteraction: true,
    });
    notification.onclick = () => {
      window.focus();
      this.#close();
    };
    this.#shown = notification;
  }

  #close(): void {
    if (!this.#shown) return;
    this.#shown.onclick = null;
    this.#shown.close();
    this.#shown = null;
  }
}

function isAllowed(): boolean {
  return "Notification" in globalThis && Notification.permission === "granted";
}
