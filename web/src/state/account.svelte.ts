// Everything that belongs to the signed-in account, put together: the session, the line and what
// is known over them. It is made at sign-in and put away as a whole.

import type { CallController, CreateController } from "../call/screen";
import { api } from "../net/api";
import type { Session } from "../net/session";
import type { LineState } from "../net/socket";
import { watchNetwork } from "../net/network";
import { makePasskey, usePasskey } from "../net/passkeys";
import { Socket, socketAddress } from "../net/socket";
import { MESSAGE_MAX_CHARS } from "../protocol/constants";
import type { CreateProbes, Probes } from "../doctor/checkup";
import type { Conversation } from "../protocol/Conversation";
import type { ConversationId } from "../protocol/ConversationId";
import type { IceServers } from "../protocol/IceServers";
import type { Message } from "../protocol/Message";
import type { Outcome } from "../protocol/Outcome";
import type { Person } from "../protocol/Person";
import type { RequestBody } from "../protocol/RequestBody";
import type { Search } from "../protocol/Search";
import type { SignedIn } from "../protocol/SignedIn";
import type { UserId } from "../protocol/UserId";

import { CallHistory } from "./call-log.svelte";
import { CallState } from "./call.svelte";
import { Conversations } from "./conversations.svelte";
import { Drafts } from "./drafts";
import type { Hiding } from "./hiding";
import { InviteList } from "./invites.svelte";
import { ManagedList } from "./managed.svelte";
import { Outbox } from "./outbox.svelte";
import { PeopleSearch } from "./people.svelte";
import { Security } from "./security.svelte";
import { SessionList } from "./sessions.svelte";
import { AccountSettings } from "./settings.svelte";
import { Typing } from "./typing.svelte";

type ContactRequest = "accept_contact" | "block_contact" | "unblock_contact";

export interface AccountPorts {
  createController: CreateController;
  /** For *Test my connection*. */
  createProbes: CreateProbes;
  /** Where drafts and unsent messages survive a reload. */
  storage: Storage;
  /** The line is down for good. */
  closed: (why: "session_ended" | "unsupported") => void;
}

export class Account {
  me = $state.raw<Person>({ id: "", username: "", display_name: "" });
  lineState = $state.raw<LineState>({ is: "connecting" });
  /** Milliseconds by which the server's clock is ahead of this device's. */
  clockAhead = $state(0);
  messageMaxChars = $state(MESSAGE_MAX_CHARS);
  /** How many recovery codes are left, where the sign-in used one. */
  recoveryCodesLeft = $state<number | null>(null);
  /** Whether this account may manage others. */
  administrator = $state(false);
  /** How people are found on this server. */
  search = $state<Search>("exact");
  /** What the server offers for finding a path; nothing before the first snapshot. */
  ice = $state.raw<IceServers>({ stun_port: null, relay: "fallback" });

  readonly conversations: Conversations;
  readonly outbox: Outbox;
  readonly drafts: Drafts;
  readonly typing: Typing;
  readonly people: PeopleSearch;
  readonly sessions: SessionList;
  readonly security: Security;
  readonly invites: InviteList;
  readonly managed: ManagedList;
  readonly callHistory: CallHistory;
  readonly settings: AccountSettings;
  readonly call = new CallState();
  readonly controller: CallController;
  readonly probes: Probes;
  readonly session: Session;

  readonly #socket: Socket;
  readonly #disposers: (() => void)[] = [];

  constructor(
    signedIn: SignedIn,
    session: Session,
    { createController, createProbes, storage, closed }: AccountPorts,
  ) {
    this.me = signedIn.me;
    this.recoveryCodesLeft = signedIn.recovery_codes_left ?? null;
    this.session = session;
    this.#socket = new Socket(
      {
        open: () => new WebSocket(socketAddress(location)),
        token: () => session.token(),
        renew: () => session.renew(),
        device: signedIn.device.id,
      },
      (state) => {
        this.lineState = state;
        if (state.is === "closed" && state.why !== "disposed") closed(state.why);
      },
    );
    this.typing = new Typing(this.#socket);
    this.drafts = new Drafts(this.me.id, storage);
    this.conversations = new Conversations(
      this.me.id,
      this.#socket,
      (conversation) => (range, limit) =>
        session.with((token) => api.history(token, conversation, range, limit)),
    );
    this.outbox = new Outbox(
      this.me.id,
      storage,
      async ({ id, conversation, text }) =>
        messageOf(await this.#ask({ type: "send_message", conversation, message: id, text })),
      (message) => this.#message(message),
    );
    this.people = new PeopleSearch((query, signal) =>
      session.with(async (token) => (await api.people(token, query, signal)).people),
    );
    this.sessions = new SessionList({
      list: () => session.with(async (token) => (await api.sessions(token)).sessions),
      end: (id) => session.with((token) => api.endSession(token, id)),
    });
    this.security = new Security({
      factors: () => session.with((token) => api.factors(token)),
      beginApp: () => session.with((token) => api.beginApp(token)),
      addApp: (code) => session.with((token) => api.addApp(token, { code })),
      removeApp: () => session.with((token) => api.removeApp(token)),
      newRecoveryCodes: () => session.with((token) => api.newRecoveryCodes(token)),
      beginPasskey: () => session.with((token) => api.beginPasskey(token)),
      addPasskey: (name, credential) =>
        session.with((token) => api.addPasskey(token, { name, credential })),
      renamePasskey: (id, name) => session.with((token) => api.renamePasskey(token, id, { name })),
      removePasskey: (id) => session.with((token) => api.removePasskey(token, id)),
      askPasskey: () => session.with((token) => api.askPasskey(token)),
      confirm: (proof) => session.with((token) => api.confirm(token, proof)),
      changePassword: (change) => session.with((token) => api.changePassword(token, change)),
      makePasskey,
      usePasskey,
    });
    this.invites = new InviteList({
      list: () => session.with(async (token) => (await api.invites(token)).invites),
      make: (wanted) => session.with((token) => api.makeInvite(token, wanted)),
      withdraw: (id) => session.with((token) => api.withdrawInvite(token, id)),
    });
    this.managed = new ManagedList({
      list: (after) => session.with((token) => api.accounts(token, after)),
      disable: (id, disabled) =>
        session.with((token) => api.changeAccount(token, id, { disabled })),
      reset: (id) => session.with((token) => api.resetPassword(token, id)),
    });
    this.callHistory = new CallHistory(this.me.id, (missed, before) =>
      session.with((token) => api.callLog(token, missed, before)),
    );
    this.settings = new AccountSettings((settings) =>
      session.with((token) => api.changeSettings(token, settings)),
    );
    this.#listen();
    // Before the calls look: what they send then waits for the new line.
    this.#disposers.push(
      watchNetwork({
        changed: () => this.#socket.redial(),
        doubtful: () => this.#socket.check(),
        woke: () => this.#socket.check(),
      }),
    );
    this.controller = createController({ line: this.#socket, display: this.call });
    this.probes = createProbes({ line: this.#socket });
    this.#socket.connect();
    this.outbox.flush();
  }

  get isOnline(): boolean {
    return this.lineState.is === "open";
  }

  /** Finds or makes the conversation with a person. */
  async openConversation(person: UserId): Promise<ConversationId> {
    const conversation = conversationOf(await this.#ask({ type: "open_conversation", person }));
    this.conversations.put(conversation);
    return conversation.id;
  }

  /** Accepts, blocks or unblocks the other person of a conversation. */
  async changeContact(type: ContactRequest, conversation: ConversationId): Promise<void> {
    this.conversations.put(conversationOf(await this.#ask({ type, conversation })));
  }

  /** Mutes a conversation, or takes that back. */
  async mute(conversation: ConversationId, muted: boolean): Promise<void> {
    const outcome = await this.#ask({ type: "mute_conversation", conversation, muted });
    this.conversations.put(conversationOf(outcome));
  }

  /** Hides this account's IP address from the other person of a conversation, or takes that back. */
  async hideAddress(conversation: ConversationId, hidden: boolean): Promise<void> {
    const outcome = await this.#ask({ type: "hide_address", conversation, hidden });
    this.conversations.put(conversationOf(outcome));
  }

  /** What is known of hiding this account's IP address from the other person of a conversation. */
  hiding(conversation: ConversationId): Hiding {
    return {
      relay: this.ice.relay,
      fromAll: this.settings.current?.hide_address ?? false,
      fromOne: this.conversations.get(conversation)?.hides_address ?? false,
    };
  }

  async changeDisplayName(display_name: string): Promise<void> {
    this.me = await this.session.with((token) => api.changeMe(token, { display_name }));
  }

  /** The session has new tokens. */
  renewed(signedIn: SignedIn): void {
    this.me = signedIn.me;
    this.#socket.renewed(signedIn.access_token);
  }

  /** Ends the session on the server, or all of the account's, and forgets here what only this account should see. */
  async signOut(everywhere: boolean): Promise<void> {
    await this.session.with((token) =>
      everywhere ? api.endAllSessions(token) : api.signOut(token),
    );
    this.outbox.clear();
    this.drafts.clear();
  }

  /** Tries the line at once. */
  reconnect(): void {
    this.#socket.connect();
  }

  dispose(): void {
    this.controller.dispose();
    this.outbox.dispose();
    this.session.dispose();
    for (const dispose of this.#disposers) dispose();
    this.#socket.dispose();
  }

  #listen(): void {
    const leave = this.#socket.listen({
      welcome: (welcome) => {
        this.me = welcome.me;
        this.clockAhead = welcome.now - Date.now();
        this.administrator = welcome.administrator;
        this.search = welcome.search;
        this.ice = welcome.ice;
        this.messageMaxChars = welcome.limits.message_max_chars;
        this.conversations.welcome(welcome);
        this.settings.told(welcome.settings);
        this.callHistory.reload();
      },
      frame: (frame) => {
        this.typing.frame(frame);
        if (frame.type === "message") this.#message(frame.message);
        else if (frame.type === "settings") this.settings.told(frame.settings);
        else this.conversations.frame(frame);
      },
      down: () => this.typing.down(),
    });
    this.#disposers.push(leave);
  }

  #message(message: Message): void {
    this.conversations.message(message);
    this.outbox.remove(message.id);
    this.callHistory.message(message);
  }

  #ask(body: RequestBody): Promise<Outcome> {
    return this.#socket.request(body, { resend: true });
  }
}

function conversationOf(outcome: Outcome): Conversation {
  if (outcome.type === "conversation") return outcome.conversation;
  throw new Error(`The server answered ${outcome.type} where a conversation was asked for.`);
}

function messageOf(outcome: Outcome): Message {
  if (outcome.type === "message") return outcome.message;
  throw new Error(`The server answered ${outcome.type} where a message was asked for.`);
}
