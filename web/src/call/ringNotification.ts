// Tells of an incoming call outside the page, while the page is not looked at.
//
// Only where the person allowed notifications before; nothing here asks for that. It knows the
// names of the conversations so that the notification can say who calls.

import type { LineListener } from "../net/line";
import type { ConversationId } from "../protocol/ConversationId";

export class RingNotification implements LineListener {
  readonly #names = new Map<ConversationId, string>();
  #shown: Notification | null = null;

  welcome({ conversations }: Parameters<NonNullable<LineListener["welcome"]>>[0]): void {
    this.#names.clear();
    for (const { id, person } of conversations) this.#names.set(id, person.display_name);
  }

  frame(frame: Parameters<NonNullable<LineListener["frame"]>>[0]): void {
    if (frame.type !== "conversation") return;
    const { id, person } = frame.conversation;
    this.#names.set(id, person.display_name);
  }

  /** Shows who calls. Nothing happens while the page is looked at or without permission. */
  show(conversation: ConversationId): void {
    if (this.#shown || !document.hidden || !isAllowed()) return;
    const name = this.#names.get(conversation);
    const notification = new Notification(name === undefined ? "Incoming call" : `${name} calls`, {
      body: "Ahoy voice call",
      tag: conversation,
      requireInteraction: true,
    });
    notification.onclick = () => {
      window.focus();
      this.clear();
    };
    this.#shown = notification;
  }

  /** The call no longer rings. */
  clear(): void {
    if (!this.#shown) return;
    this.#shown.onclick = null;
    this.#shown.close();
    this.#shown = null;
  }
}

function isAllowed(): boolean {
  return "Notification" in globalThis && Notification.permission === "granted";
}
