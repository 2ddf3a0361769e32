// Who is typing: what others tell, forgotten after a while, and what is told to them.

import { SvelteSet } from "svelte/reactivity";

import type { Line, PushFrame } from "../net/line";
import type { ConversationId } from "../protocol/ConversationId";

/** Milliseconds after which somebody who said nothing more is no longer typing. */
const FORGET_AFTER = 6_000;
/** Milliseconds between two words to the others that somebody types here. */
const TELL_EVERY = 4_000;

export class Typing {
  readonly #others = new SvelteSet<ConversationId>();
  readonly #timers = new Map<ConversationId, ReturnType<typeof setTimeout>>();
  readonly #line: Line;
  /** Where somebody types here, and when that was last told. */
  #told: { conversation: ConversationId; at: number } | null = null;

  constructor(line: Line) {
    this.#line = line;
  }

  /** Whether the other person types. */
  in(conversation: ConversationId): boolean {
    return this.#others.has(conversation);
  }

  frame(frame: PushFrame): void {
    if (frame.type === "message" && frame.message.body.kind === "text") {
      this.#forget(frame.message.conversation);
    }
    if (frame.type !== "typing") return;
    this.#forget(frame.conversation);
    if (!frame.active) return;
    this.#others.add(frame.conversation);
    this.#timers.set(
      frame.conversation,
      setTimeout(() => this.#forget(frame.conversation), FORGET_AFTER),
    );
  }

  /** The line is down: what others do is not known. */
  down(): void {
    for (const conversation of [...this.#others]) this.#forget(conversation);
    this.#told = null;
  }

  /** The text of a composer changed. */
  typed(conversation: ConversationId, text: string, now: number = Date.now()): void {
    if (text.trim() === "") {
      this.stopped(conversation);
      return;
    }
    const told = this.#told;
    if (told?.conversation === conversation && now - told.at < TELL_EVERY) return;
    this.#told = { conversation, at: now };
    this.#tell(conversation, true);
  }

  /** Nobody types here any more: sent, cleared or left. */
  stopped(conversation: ConversationId): void {
    if (this.#told?.conversation !== conversation) return;
    this.#told = null;
    this.#tell(conversation, false);
  }

  /** The message was sent; the others know without being told. */
  sent(conversation: ConversationId): void {
    if (this.#told?.conversation === conversation) this.#told = null;
  }

  #tell(conversation: ConversationId, active: boolean): void {
    if (!this.#line.open) return;
    // Nothing hangs on it: the others forget by themselves.
    this.#line.request({ type: "typing", conversation, active }).catch(() => undefined);
  }

  #forget(conversation: ConversationId): void {
    clearTimeout(this.#timers.get(conversation));
    this.#timers.delete(conversation);
    this.#others.delete(conversation);
  }
}
