// What a timeline shows, in order: messages with what belongs between them.

import type { CallRecord } from "../../protocol/CallRecord";
import type { Message } from "../../protocol/Message";
import type { Timestamp } from "../../protocol/Timestamp";
import type { UserId } from "../../protocol/UserId";
import { missedTogether } from "../../state/missed";
import type { Unsent } from "../../state/outbox.svelte";
import { dayLabel, daysBetween } from "../words/times";

/** Messages of one person closer together than this, in milliseconds, stand as one group. */
const GROUP_WITHIN = 5 * 60_000;

type Text = Extract<Message["body"], { kind: "text" }>;

export type Entry =
  | { is: "day"; key: string; label: string }
  | { is: "unread"; key: string }
  | {
      is: "message";
      key: string;
      message: Message & { body: Text };
      own: boolean;
      starts: boolean;
    }
  /** A call, or missed calls that belong together, oldest first. */
  | { is: "calls"; key: string; records: readonly CallRecord[] }
  | { is: "unsent"; key: string; unsent: Unsent; starts: boolean };

export interface EntriesOf {
  messages: readonly Message[];
  unsent: readonly Unsent[];
  me: UserId;
  now: Timestamp;
  /** The last message that was read before the conversation was opened; nothing where all were. */
  unreadAfter: number | null;
}

/** Puts messages, days and the line above what is new in their order. */
export function entriesOf({ messages, unsent, me, now, unreadAfter }: EntriesOf): Entry[] {
  const entries: Entry[] = [];
  let before: { author: UserId; at: Timestamp; isText: boolean } | null = null;
  let isLineDrawn = false;

  const separate = (at: Timestamp): void => {
    if (before !== null && daysBetween(before.at, at) === 0) return;
    entries.push({ is: "day", key: `day-${dayKey(at)}`, label: dayLabel(at, now) });
    before = null;
  };
  const starts = (author: UserId, at: Timestamp): boolean =>
    before?.author !== author || !before.isText || at - before.at > GROUP_WITHIN;

  for (const message of messages) {
    const { id, seq, author, sent_at, body } = message;
    separate(sent_at);
    if (!isLineDrawn && unreadAfter !== null && seq > unreadAfter && author !== me) {
      entries.push({ is: "unread", key: "unread" });
      isLineDrawn = true;
      before = null;
    }
    if (body.kind === "call") {
      addCall(entries, body.record, id, me);
    } else {
      entries.push({
        is: "message",
        key: id,
        message: { ...message, body },
        own: author === me,
        starts: starts(author, sent_at),
      });
    }
    before = { author, at: sent_at, isText: body.kind === "text" };
  }
  const stored = new Set(messages.map(({ id }) => id));
  for (const entry of unsent) {
    if (stored.has(entry.id)) continue;
    separate(entry.written_at);
    entries.push({
      is: "unsent",
      key: entry.id,
      unsent: entry,
      starts: starts(me, entry.written_at),
    });
    before = { author: me, at: entry.written_at, isText: true };
  }
  return entries;
}

/** Adds a call, to the entry before where both are missed calls that belong together. */
function addCall(entries: Entry[], record: CallRecord, key: string, me: UserId): void {
  const last = entries.at(-1);
  const neighbour = last?.is === "calls" ? last.records.at(-1) : undefined;
  if (last?.is === "calls" && neighbour !== undefined && missedTogether(me, neighbour, record)) {
    entries[entries.length - 1] = { ...last, records: [...last.records, record] };
  } else {
    entries.push({ is: "calls", key, records: [record] });
  }
}

function dayKey(at: Timestamp): string {
  const day = new Date(at);
  return `${day.getFullYear()}-${day.getMonth()}-${day.getDate()}`;
}
