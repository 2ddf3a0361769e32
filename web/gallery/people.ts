// The people and conversations of the gallery.

import type { CallRecord } from "../src/protocol/CallRecord";
import type { Conversation } from "../src/protocol/Conversation";
import type { Message } from "../src/protocol/Message";
import type { Person } from "../src/protocol/Person";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const NOW = Date.now();

export const ME: Person = person(0, "ada", "Ada Lovelace");
export const BEN = person(1, "ben", "Ben Ōe");
export const CLEO = person(2, "cleo", "Cleo Martínez");
export const DANA = person(3, "dana", "דנה לוי");
export const EMIL = person(4, "emil", "Emil Nygård-Wolfeschlegelsteinhausen");
export const FEI = person(5, "fei", "费菲");
export const GUS = person(6, "gus", "Gus the Great");
export const PEOPLE = [BEN, CLEO, DANA, EMIL, FEI, GUS];

export const TIMELINES = new Map<string, Message[]>([
  [BEN.id, benTimeline()],
  [
    CLEO.id,
    timeline(CLEO, 1, [[CLEO, 40 * MINUTE, "Hi Ada! We met at the harbour. May I call you?"]]),
  ],
  [DANA.id, timeline(DANA, 1, [[DANA, 3 * HOUR, "שלום! מתי נדבר?"]])],
  [
    EMIL.id,
    timeline(EMIL, 1, [
      [ME, 2 * DAY, "Are the sails dry?"],
      [
        EMIL,
        DAY + HOUR,
        "https://example.org/a/very/long/address/that/does/not/break/anywhere/by/itself",
      ],
    ]),
  ],
  [
    FEI.id,
    [
      ...timeline(FEI, 1, [[FEI, 4 * DAY, "好的，明天见！"]]),
      ...[52, 47, 31, 12, 3].map((ago, i) => call(FEI, 2 + i, 3 * DAY + ago * MINUTE, "missed")),
    ],
  ],
  [GUS.id, timeline(GUS, 1, [[GUS, 40 * DAY, "Stop calling me Gus."]])],
]);

export function conversations(): Conversation[] {
  return [
    conversation(BEN, { presence: { state: "online" } }),
    conversation(CLEO, { contact: "request", presence: null, read_seq: 0, unread: 1 }),
    conversation(DANA, { presence: { state: "in_call" }, read_seq: 0, unread: 1 }),
    conversation(EMIL, {
      presence: { state: "offline", last_seen: NOW - 5 * MINUTE },
      muted: true,
    }),
    conversation(FEI, {
      presence: { state: "offline", last_seen: NOW - 2 * DAY },
      unread: 5,
      missed: 5,
      read_seq: 1,
    }),
    conversation(GUS, { contact: "blocked", presence: null }),
  ];
}

export function callRecords(): CallRecord[] {
  return [...TIMELINES.values()]
    .flat()
    .flatMap(({ body }) => (body.kind === "call" ? [body.record] : []))
    .sort((a, b) => b.started_at - a.started_at);
}

function conversation(other: Person, change: Partial<Conversation>): Conversation {
  const messages = TIMELINES.get(other.id) ?? [];
  const last_seq = messages.at(-1)?.seq ?? 0;
  return {
    id: other.id,
    person: other,
    contact: "accepted",
    last_seq,
    read_seq: last_seq,
    peer_read_seq: last_seq - 1,
    unread: 0,
    missed: 0,
    muted: false,
    hides_address: false,
    last_message: messages.at(-1) ?? null,
    presence: null,
    ...change,
  };
}

function benTimeline(): Message[] {
  const old = Array.from({ length: 60 }, (_, i): [Person, number, string] => [
    i % 3 === 0 ? ME : BEN,
    3 * DAY - i * MINUTE,
    `Log entry ${i + 1}: wind from the west, sea calm.`,
  ]);
  return [
    ...timeline(BEN, 1, old),
    call(BEN, 61, DAY + 2 * HOUR, "missed"),
    ...timeline(BEN, 62, [
      [BEN, DAY + 1.9 * HOUR, "Sorry, I was below deck."],
      [ME, DAY + 1.8 * HOUR, "No hurry 🙂"],
    ]),
    call(BEN, 64, 90 * MINUTE, "talked"),
    ...timeline(BEN, 65, [
      [ME, 30 * MINUTE, "Ahoy Ben! Is the new server up?"],
      [BEN, 28 * MINUTE, "It is. One program, one port, no cloud. 🎉"],
      [
        BEN,
        27.5 * MINUTE,
        "I put it on the little machine under the stairs. It has been running since breakfast and the whole family is on it already, even grandmother:\n\n– she calls\n– she writes\n– she sends “Ahoy!” to everybody",
      ],
      [ME, 3 * MINUTE, "Splendid. Then let’s hear how it sounds."],
      [ME, 2 * MINUTE, "Headphones on?"],
    ]),
  ];
}

function timeline(other: Person, first: number, lines: [Person, number, string][]): Message[] {
  return lines.map(([author, ago, text], i) => ({
    id: `${other.id}-${first + i}`,
    conversation: other.id,
    seq: first + i,
    author: author.id,
    sent_at: NOW - ago,
    body: { kind: "text", text },
  }));
}

function call(other: Person, seq: number, ago: number, how: "missed" | "talked"): Message {
  const record: CallRecord = {
    call: `${other.id}-${seq}`,
    conversation: other.id,
    caller: how === "missed" ? other.id : ME.id,
    callee: how === "missed" ? ME.id : other.id,
    started_at: NOW - ago,
    end:
      how === "missed"
        ? { reason: "no_answer", ended_at: NOW - ago, talked: null }
        : { reason: "hung_up", by: ME.id, ended_at: NOW - ago, talked: 754_000 },
  };
  return {
    id: record.call,
    conversation: other.id,
    seq,
    author: record.caller,
    sent_at: record.started_at,
    body: { kind: "call", record },
  };
}

function person(number: number, username: string, display_name: string): Person {
  return { id: `0198c0de-0000-7000-8000-00000000000${number}`, username, display_name };
}
