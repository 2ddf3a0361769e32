// The HTTP API, one function for each endpoint that the web client uses.

import type { CallId } from "../protocol/CallId";
import type { CallLog } from "../protocol/CallLog";
import type { ChangeMe } from "../protocol/ChangeMe";
import type { ConversationId } from "../protocol/ConversationId";
import type { History } from "../protocol/History";
import type { People } from "../protocol/People";
import type { Person } from "../protocol/Person";
import type { Register } from "../protocol/Register";
import type { SessionId } from "../protocol/SessionId";
import type { Sessions } from "../protocol/Sessions";
import type { Settings } from "../protocol/Settings";
import type { SignedIn } from "../protocol/SignedIn";
import type { SignIn } from "../protocol/SignIn";

import { send } from "./http";

const BASE = "/api/v1";

/** Which messages of a conversation: the newest, those before a number, or those after it. */
export type HistoryRange = "newest" | { before: number } | { after: number };

/** What needs no access token. */
export const openApi = {
  register: async (body: Register): Promise<SignedIn> =>
    (await send("POST", `${BASE}/accounts`, { body })) as SignedIn,

  signIn: async (body: SignIn): Promise<SignedIn> =>
    (await send("POST", `${BASE}/sessions`, { body })) as SignedIn,

  /** Rotates the refresh cookie. Two at once would look like a theft: `Session` keeps them apart. */
  refresh: async (): Promise<SignedIn> =>
    (await send("POST", `${BASE}/sessions/refresh`, { body: {} })) as SignedIn,
};

/** What needs one. */
export const api = {
  signOut: async (token: string): Promise<void> => {
    await send("DELETE", `${BASE}/sessions/current`, { token });
  },

  sessions: async (token: string): Promise<Sessions> =>
    (await send("GET", `${BASE}/sessions`, { token })) as Sessions,

  endSession: async (token: string, session: SessionId): Promise<void> => {
    await send("DELETE", `${BASE}/sessions/${session}`, { token });
  },

  changeMe: async (token: string, body: ChangeMe): Promise<Person> =>
    (await send("PATCH", `${BASE}/me`, { token, body })) as Person,

  people: async (token: string, query: string, signal: AbortSignal): Promise<People> =>
    (await send("GET", `${BASE}/people?${new URLSearchParams({ query }).toString()}`, {
      token,
      signal,
    })) as People,

  history: async (
    token: string,
    conversation: ConversationId,
    range: HistoryRange,
    limit: number,
  ): Promise<History> => {
    const query = new URLSearchParams({ limit: String(limit) });
    if (range !== "newest") {
      for (const [name, seq] of Object.entries(range)) query.set(name, String(seq));
    }
    const path = `${BASE}/conversations/${conversation}/messages?${query.toString()}`;
    return (await send("GET", path, { token })) as History;
  },

  /** The account's calls, or only those that it missed. */
  callLog: async (token: string, missed: boolean, before: CallId | null): Promise<CallLog> => {
    const query = new URLSearchParams({ missed: String(missed) });
    if (before !== null) query.set("before", before);
    return (await send("GET", `${BASE}/calls?${query.toString()}`, { token })) as CallLog;
  },

  /** Replaces the settings as a whole. */
  changeSettings: async (token: string, body: Settings): Promise<Settings> =>
    (await send("PUT", `${BASE}/me/settings`, { token, body })) as Settings,
};
