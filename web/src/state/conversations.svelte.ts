// All conversations of the account, as the last snapshot and the frames since tell them.

import { SvelteMap } from "svelte/reactivity";

import type { Line, PushFrame } from "../net/line";
import type { Conversation } from "../protocol/Conversation";
import type { ConversationId } from "../protocol/ConversationId";
import type { Message } from "../protocol/Message";
import type { Presence } from "../protocol/Presence";
import type { UserId } from "../protocol/UserId";
import type { Welcome } from "../protocol/Welcome";

import { isMissed } from "./missed";
import type { FetchHistory } from "./timeline.svelte";
import { Timeline } from "./timeline.svelte";

export class Conversations {
  /** Whether a snapshot was received. */
  known = $state(false);

  readonly #byId = new SvelteMap<ConversationId, Conversation>();
  readonly #timelines = new Map<ConversationId, Timeline>();
  readonly #me: UserId;
  readonly #line: Line;
  readonly #history: (conversation: ConversationId) => FetchHistory;
  /** What {@link markRead} said last, so that it is not said twice. */
  readonly #toldRead = new Map<ConversationId, number>();

  /** Those with a message or with a contact: new contacts first, then by the newest message. */
  readonly list = $derived(
    [...this.#byId.values()]
      .filter(({ last_seq, contact }) => last_seq > 0 || contact === "accepted")
      .sort((a, b) => newest(b) - newest(a)),
  );
  /** Unread messages of everybody who is not blocked. */
  readonly unread = $derived(
    this.list.reduce((sum, { unread, contact }) => sum + (contact === "blocked" ? 0 : unread), 0),
  );
  /** Missed calls that were seen neither in their conversation nor in the call log. */
  readonly missed = $derived(
    this.list.reduce((sum, { missed, contact }) => sum + (contact === "blocked" ? 0 : missed), 0),
  );

  constructor(me: UserId, line: Line, history: (conversation: ConversationId) => FetchHistory) {
    this.#me = me;
    this.#line = line;
    this.#history = history;
  }

  get(id: ConversationId): Conversation | undefined {
    return this.#byId.get(id);
  }

  timeline(id: ConversationId): Timeline {
    let timeline = this.#timelines.get(id);
    if (timeline === undefined) {
      timeline = new Timeline(this.#history(id));
      this.#timelines.set(id, timeline);
    }
    return timeline;
  }

  /** The snapshot replaces everything, except conversations nobody has written in yet. */
  welcome({ conversations }: Welcome): void {
    const here = new Set(conversations.map(({ id }) => id));
    for (const [id, { last_seq }] of this.#byId) {
      if (last_seq > 0 && !here.has(id)) this.#byId.delete(id);
    }
    for (const conversation of conversations) {
      this.#byId.set(conversation.id, conversation);
      void this.#timelines.get(conversation.id)?.resume(conversation.last_seq);
    }
    this.#toldRead.clear();
    this.known = true;
  }

  frame(frame: PushFrame): void {
    switch (frame.type) {
      case "conversation":
        this.put(frame.conversation);
        break;
      case "message":
        this.message(frame.message);
        break;
      case "read":
        this.#read(frame);
        break;
      case "presence":
        this.#presence(frame.user, frame.presence);
        break;
      default:
        break;
    }
  }

  put(told: Conversation): void {
    // What was told here as read may not have reached the server yet when it told this.
    const read = this.#toldRead.get(told.id) ?? 0;
    const isBehind = read > told.read_seq && read >= told.last_seq;
    const conversation = isBehind ? { ...told, read_seq: read, unread: 0, missed: 0 } : told;
    this.#byId.set(conversation.id, conversation);
    // A timeline hears of messages one by one; this is for those that came before it listened.
    void this.#timelines.get(conversation.id)?.resume(conversation.last_seq);
  }

  /** A message is new, or the record of a call changed. */
  message(message: Message): void {
    const conversation = this.#byId.get(message.conversation);
    const change = this.#unreadChange(message, conversation);
    this.#timelines.get(message.conversation)?.apply(message);
    if (conversation === undefined) return;
    const isNewest = message.seq >= conversation.last_seq;
    const isOwn = message.author === this.#me && message.body.kind === "text";
    this.#byId.set(message.conversation, {
      ...conversation,
      last_seq: Math.max(conversation.last_seq, message.seq),
      last_message: isNewest ? message : conversation.last_message,
      // Who writes has read what stands before.
      read_seq: isOwn ? Math.max(conversation.read_seq, message.seq) : conversation.read_seq,
      unread: isOwn && isNewest ? 0 : Math.max(conversation.unread + change, 0),
      missed:
        isOwn && isNewest
          ? 0
          : Math.max(conversation.missed + (message.body.kind === "call" ? change : 0), 0),
    });
  }

  /** Everything in a conversation was seen here. */
  markRead(id: ConversationId): void {
    const conversation = this.#byId.get(id);
    if (conversation === undefined) return;
    const { last_seq, read_seq } = conversation;
    if (last_seq <= Math.max(read_seq, this.#toldRead.get(id) ?? 0)) return;
    this.#toldRead.set(id, last_seq);
    this.#byId.set(id, { ...conversation, read_seq: last_seq, unread: 0, missed: 0 });
    // What fails here was not said, and is said again after the next snapshot.
    this.#line
      .request({ type: "mark_read", conversation: id, seq: last_seq }, { resend: true })
      .catch(() => this.#toldRead.delete(id));
  }

  /** The missed calls were seen in the call log. */
  markCallsSeen(): void {
    if (this.missed === 0) return;
    for (const [id, conversation] of [...this.#byId]) {
      if (conversation.missed > 0) this.#byId.set(id, { ...conversation, missed: 0 });
    }
    // What fails here was not said; the next snapshot brings the numbers back.
    this.#line.request({ type: "mark_calls_seen" }, { resend: true }).catch(() => undefined);
  }

  #read(frame: Extract<PushFrame, { type: "read" }>): void {
    const { conversation: id, user, seq, unread, missed } = frame;
    const conversation = this.#byId.get(id);
    if (conversation === undefined) return;
    this.#byId.set(
      id,
      user === this.#me
        ? { ...conversation, read_seq: Math.max(conversation.read_seq, seq), unread, missed }
        : { ...conversation, peer_read_seq: Math.max(conversation.peer_read_seq, seq) },
    );
  }

  #presence(user: UserId, presence: Presence): void {
    for (const [id, conversation] of this.#byId) {
      if (conversation.person.id === user) this.#byId.set(id, { ...conversation, presence });
    }
  }

  /** By how many a message changes what is unread: a call counts once it turns out to be missed. */
  #unreadChange(message: Message, conversation: Conversation | undefined): number {
    if (conversation === undefined || message.seq <= conversation.read_seq) return 0;
    const known =
      conversation.last_message?.id === message.id
        ? conversation.last_message
        : this.#timelines.get(message.conversation)?.messages.find(({ id }) => id === message.id);
    return Number(this.#counts(message)) - Number(known !== undefined && this.#counts(known));
  }

  #counts({ author, body }: Message): boolean {
    return author !== this.#me && (body.kind === "text" || isMissed(body.record));
  }
}

/** When the newest message was sent; a contact to whom nobody has written yet is newer than all. */
function newest({ last_message }: Conversation): number {
  return last_message?.sent_at ?? Number.MAX_SAFE_INTEGER;
}
