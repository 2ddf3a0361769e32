// A server for the gallery that lives in the page: the few answers that the views ask for.

import { rememberDevice } from "../src/net/device";
import type { AuthenticatorAppSetup } from "../src/protocol/AuthenticatorAppSetup";
import type { CallRecord } from "../src/protocol/CallRecord";
import type { Conversation } from "../src/protocol/Conversation";
import type { ErrorCode } from "../src/protocol/ErrorCode";
import type { Factors } from "../src/protocol/Factors";
import type { Invite } from "../src/protocol/Invite";
import type { ManagedAccount } from "../src/protocol/ManagedAccount";
import type { Opening } from "../src/protocol/Opening";
import type { ServerFrame } from "../src/protocol/ServerFrame";
import type { Registration } from "../src/protocol/Registration";
import type { RelayMode } from "../src/protocol/RelayMode";
import type { SecondFactorRequired } from "../src/protocol/SecondFactorRequired";
import type { SecondFactorWay } from "../src/protocol/SecondFactorWay";
import type { Settings } from "../src/protocol/Settings";
import type { Request } from "../src/protocol/Request";
import type { SignedIn } from "../src/protocol/SignedIn";

import { callRecords, conversations, ME, NOW, PEOPLE, TIMELINES } from "./people";

const SESSION = "0198c0de-0000-7000-8000-0000000000f0";
const DEVICE = { id: "0198c0de-0000-7000-8000-0000000000e0", name: "Firefox on Linux" };

const SIGNED_IN: SignedIn = {
  access_token: "pretend",
  expires_in: 600_000,
  me: ME,
  device: DEVICE,
  session: SESSION,
};

const NO_FACTORS: Factors = {
  authenticator_app: null,
  passkeys: [],
  recovery_codes_left: 0,
  passkeys_possible: true,
};

const FACTORS: Factors = {
  authenticator_app: NOW - 9e8,
  passkeys: [
    { id: "a", name: "Chrome on Linux", added_at: NOW - 9e8, last_used_at: NOW - 6e5 },
    {
      id: "b",
      name: "The grey key on the ring beside the front door",
      added_at: NOW - 9e8,
      last_used_at: null,
    },
  ],
  recovery_codes_left: 2,
  passkeys_possible: true,
};

const APP_SETUP: AuthenticatorAppSetup = {
  secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
  uri: "otpauth://totp/ahoy.example:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=ahoy.example",
  expires_in: 600_000,
};

const RECOVERY_CODES = Array.from(
  { length: 10 },
  (_, number) => `m4qk-8d${number}z-vt7h-2c${number}p-x6ry-1jwe`,
);

export const ALL_WAYS: SecondFactorWay[] = ["authenticator_app", "passkey", "recovery_code"];

/** As long as what links carry. */
const SECRET = "pretended-pretended-pretended-pretended-123";

export interface Pretence {
  /** Who may register. */
  registration: Registration;
  /** Whether the account is an administrator. */
  administrator: boolean;
  signedIn: boolean;
  empty: boolean;
  offline: boolean;
  /** Whether *Do not disturb* is on. */
  disturb: boolean;
  /** Whether it is the time of the quiet hours. */
  quiet: boolean;
  /** When sound goes through the relay. */
  relay: RelayMode;
  /** Whether the account hides its address from everybody. */
  hidden: boolean;
  /** Whether the account has factors besides its password. */
  factors: boolean;
  /** Whether it is asked who sits there before factors change. */
  confirm: boolean;
  /** What is asked for after a password. */
  ways: SecondFactorWay[];
  /** Whether the link was used already. */
  used: boolean;
  /** Whether nobody has an account yet. */
  first: boolean;
}

/** Puts the pretence in the place of the network. */
export function pretend(pretence: Pretence): void {
  // A page asks for a session only where somebody signed in before.
  if (pretence.signedIn) rememberDevice(localStorage, ME.username, DEVICE.id);
  globalThis.fetch = (input, init) => {
    const url = new URL(
      input instanceof URL || typeof input === "string" ? input : input.url,
      location.href,
    );
    const factor = respondToFactors(url.pathname, init?.method ?? "GET", pretence);
    if (factor instanceof Response) return Promise.resolve(factor);
    if (factor !== undefined) return Promise.resolve(Response.json(factor));
    if (init?.method === "PUT") return Promise.resolve(new Response(init.body));
    return Promise.resolve(respond(url, init?.method ?? "GET", pretence));
  };
  globalThis.WebSocket = class extends PretendSocket {
    constructor() {
      super(pretence);
    }
  } as unknown as typeof WebSocket;
}

function respond(
  { pathname, searchParams }: URL,
  method: string,
  { signedIn, empty, registration, used, first }: Pretence,
): Response {
  if (pathname.endsWith("/sessions/refresh")) {
    return signedIn ? Response.json(SIGNED_IN) : problem(401, "unauthenticated", "Sign in first.");
  }
  if (pathname.endsWith("/sessions")) {
    const session = { signed_in_at: NOW - 9e8, last_used_at: NOW };
    return Response.json({
      sessions: [
        { id: SESSION, device: DEVICE, current: true, ...session },
        { id: "b", device: { id: "b", name: "Safari on iPhone" }, current: false, ...session },
      ],
    });
  }
  if (pathname.endsWith("/registration")) {
    return Response.json({ registration, first });
  }
  if (used && pathname.endsWith("/show")) {
    return problem(
      404,
      "link_invalid",
      "This link was used up, withdrawn or expired. Ask for a new one.",
    );
  }
  if (pathname.endsWith("/invites/show")) {
    return Response.json({ inviter: PEOPLE[0], expires_at: NOW + 9e8 });
  }
  if (pathname.endsWith("/resets/show")) return Response.json(ME);
  if (pathname.endsWith("/invites")) {
    if (method === "POST") return Response.json({ invite: invite("c", 1, 0), secret: SECRET });
    return Response.json({
      invites: empty ? [] : [invite("a", 10, 3), { ...invite("b", 1, 0), inviter: null }],
    });
  }
  if (pathname.endsWith("/reset")) {
    return Response.json({
      secret: SECRET,
      expires_at: NOW + 864e5,
      authenticator_app: true,
      passkeys: 2,
    });
  }
  if (pathname.endsWith("/accounts") && method === "GET") {
    return Response.json({ accounts: managed(), more: true });
  }
  if (pathname.endsWith("/accounts")) {
    return problem(409, "username_taken", "somebody has this username", "username");
  }
  if (method === "PATCH" && pathname.includes("/accounts/")) {
    return problem(503, "unavailable", "The server is busy. Try again in a moment.");
  }
  if (pathname.endsWith("/people")) {
    const query = searchParams.get("query")?.toLowerCase() ?? "";
    return Response.json({ people: PEOPLE.filter(({ username }) => username.startsWith(query)) });
  }
  if (pathname.endsWith("/calls")) {
    const isWanted = searchParams.get("missed") === "true" ? isMissedByMe : () => true;
    return Response.json({ calls: empty ? [] : callRecords().filter(isWanted), more: false });
  }
  const conversation = /conversations\/([^/]+)\/messages/.exec(pathname)?.[1] ?? "";
  const all = TIMELINES.get(conversation) ?? [];
  const before = Number(searchParams.get("before") ?? Infinity);
  const older = all.filter(({ seq }) => seq < before);
  return Response.json({ messages: older.slice(-50), more: older.length > 50 });
}

/** What there is of factors, and what comes of changing them. */
function respondToFactors(path: string, method: string, pretence: Pretence): object | undefined {
  if (pretence.confirm && method === "DELETE") {
    return problem(403, "confirmation_required", "Confirm that it is you.");
  }
  const factors = pretence.factors ? FACTORS : NO_FACTORS;
  if (path.endsWith("/me/factors")) return factors;
  if (path.endsWith("/me/authenticator-app") && method === "POST") return APP_SETUP;
  if (path.endsWith("/me/recovery-codes")) return { factors, recovery_codes: RECOVERY_CODES };
  if (path.endsWith("/sessions") && method === "POST") {
    const required: SecondFactorRequired = {
      ticket: "pretend",
      expires_in: 300_000,
      ways: pretence.ways,
    };
    return required;
  }
  return undefined;
}

function invite(id: string, uses: number, used: number): Invite {
  return { id, inviter: ME, created_at: NOW, expires_at: NOW + 6e8, uses, used };
}

function managed(): ManagedAccount[] {
  return [ME, ...PEOPLE].map((person, index) => ({
    person,
    administrator: index === 0,
    disabled: index === 2,
    created_at: NOW - 9e9,
    last_used_at: index === 3 ? null : NOW - index * 4e7,
  }));
}

function isMissedByMe({ callee, end }: CallRecord): boolean {
  return callee === ME.id && end?.reason === "no_answer";
}

/** What is kept of the account; quiet hours are whatever time it is now. */
function settings({ disturb, quiet, hidden }: Pretence): Settings {
  return {
    call_waiting: true,
    do_not_disturb: disturb ? { until: NOW + 3_600_000 } : null,
    quiet_hours: quiet ? { from: 1, to: 0, time_zone: "America/New_York" } : null,
    second_call_passes: false,
    hide_address: hidden,
  };
}

function problem(status: number, code: ErrorCode, title: string, field?: string): Response {
  return Response.json({ status, code, title, field }, { status });
}

/** The conversation that a request asks for or changes. */
function answerTo(frame: Request): Conversation | undefined {
  const all = conversations();
  const of = (id: string): Conversation | undefined =>
    all.find((conversation) => conversation.id === id);
  switch (frame.type) {
    case "open_conversation":
      return all.find(({ person }) => person.id === frame.person);
    case "mute_conversation": {
      const found = of(frame.conversation);
      return found && { ...found, muted: frame.muted };
    }
    case "hide_address": {
      const found = of(frame.conversation);
      return found && { ...found, hides_address: frame.hidden };
    }
    default:
      return undefined;
  }
}

class PretendSocket {
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly #pretence: Pretence;

  constructor(pretence: Pretence) {
    this.#pretence = pretence;
    setTimeout(() => {
      this.readyState = 1;
      this.onopen?.();
    });
  }

  send(data: string): void {
    const frame = JSON.parse(data) as Opening | Request;
    if (frame.type === "hello") this.#welcome();
    else if (frame.type !== "send_message") {
      const found = answerTo(frame);
      this.#say({
        type: "ok",
        id: frame.id,
        outcome:
          found === undefined ? { type: "done" } : { type: "conversation", conversation: found },
      });
    }
  }

  close(): void {
    this.readyState = 3;
  }

  #welcome(): void {
    const { empty, offline } = this.#pretence;
    this.#say({
      type: "welcome",
      protocol: 1,
      now: NOW,
      me: ME,
      device: DEVICE,
      session: SESSION,
      administrator: this.#pretence.administrator,
      search: "exact",
      settings: settings(this.#pretence),
      conversations: empty ? [] : conversations(),
      keys: [],
      calls: [],
      ice: { stun_port: 3478, relay: this.#pretence.relay },
      limits: {
        message_max_chars: 8_000,
        silence_limit: 15_000,
        device_ring_timeout: 50_000,
        restart_after: 2_000,
        lost_after: 30_000,
      },
    });
    if (!empty) this.#say({ type: "typing", conversation: PEOPLE[2]?.id ?? "", active: true });
    if (offline) {
      this.#say({ type: "going_away", reconnect_after: 20_000 });
      this.onclose?.({ code: 1012 });
    } else {
      setInterval(() => this.#say({ type: "ping" }), 5_000);
    }
  }

  #say(frame: ServerFrame): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}
