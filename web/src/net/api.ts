// The HTTP API, one function for each endpoint that the web client uses.

import type { AddAuthenticatorApp } from "../protocol/AddAuthenticatorApp";
import type { AddPasskey } from "../protocol/AddPasskey";
import type { AuthenticatorAppSetup } from "../protocol/AuthenticatorAppSetup";
import type { Admission } from "../protocol/Admission";
import type { CallId } from "../protocol/CallId";
import type { CallLog } from "../protocol/CallLog";
import type { ChangeAccount } from "../protocol/ChangeAccount";
import type { ChangeMe } from "../protocol/ChangeMe";
import type { ChangePassword } from "../protocol/ChangePassword";
import type { Confirmation } from "../protocol/Confirmation";
import type { ChoosePassword } from "../protocol/ChoosePassword";
import type { ConversationId } from "../protocol/ConversationId";
import type { Factors } from "../protocol/Factors";
import type { FactorsChanged } from "../protocol/FactorsChanged";
import type { History } from "../protocol/History";
import type { PasskeyChallenge } from "../protocol/PasskeyChallenge";
import type { PasskeyId } from "../protocol/PasskeyId";
import type { InviteId } from "../protocol/InviteId";
import type { Invites } from "../protocol/Invites";
import type { MadeInvite } from "../protocol/MadeInvite";
import type { ManagedAccount } from "../protocol/ManagedAccount";
import type { ManagedAccounts } from "../protocol/ManagedAccounts";
import type { NewInvite } from "../protocol/NewInvite";
import type { PasswordReset } from "../protocol/PasswordReset";
import type { People } from "../protocol/People";
import type { Person } from "../protocol/Person";
import type { Register } from "../protocol/Register";
import type { RenamePasskey } from "../protocol/RenamePasskey";
import type { SecondFactor } from "../protocol/SecondFactor";
import type { SecondFactorRequired } from "../protocol/SecondFactorRequired";
import type { SessionId } from "../protocol/SessionId";
import type { Sessions } from "../protocol/Sessions";
import type { Settings } from "../protocol/Settings";
import type { ShowInvite } from "../protocol/ShowInvite";
import type { ShownInvite } from "../protocol/ShownInvite";
import type { ShowReset } from "../protocol/ShowReset";
import type { SignedIn } from "../protocol/SignedIn";
import type { SignIn } from "../protocol/SignIn";
import type { SignInWithPasskey } from "../protocol/SignInWithPasskey";
import type { UserId } from "../protocol/UserId";

import { send } from "./http";

const BASE = "/api/v1";

/** Which messages of a conversation: the newest, those before a number, or those after it. */
export type HistoryRange = "newest" | { before: number } | { after: number };

/** What needs no access token. */
export const openApi = {
  register: async (body: Register): Promise<SignedIn> =>
    (await send("POST", `${BASE}/accounts`, { body })) as SignedIn,

  signIn: async (body: SignIn): Promise<SignedIn | SecondFactorRequired> =>
    (await send("POST", `${BASE}/sessions`, { body })) as SignedIn | SecondFactorRequired,

  secondFactor: async (body: SecondFactor): Promise<SignedIn> =>
    (await send("POST", `${BASE}/sessions/second-factor`, { body })) as SignedIn,

  askPasskey: async (): Promise<PasskeyChallenge> =>
    (await send("POST", `${BASE}/sessions/passkey-challenge`)) as PasskeyChallenge,

  signInWithPasskey: async (body: SignInWithPasskey): Promise<SignedIn> =>
    (await send("POST", `${BASE}/sessions/passkey`, { body })) as SignedIn,

  admission: async (): Promise<Admission> =>
    (await send("GET", `${BASE}/registration`)) as Admission,

  showInvite: async (body: ShowInvite): Promise<ShownInvite> =>
    (await send("POST", `${BASE}/invites/show`, { body })) as ShownInvite,

  showReset: async (body: ShowReset): Promise<Person> =>
    (await send("POST", `${BASE}/resets/show`, { body })) as Person,

  choosePassword: async (body: ChoosePassword): Promise<void> => {
    await send("POST", `${BASE}/resets`, { body });
  },

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

  endAllSessions: async (token: string): Promise<void> => {
    await send("DELETE", `${BASE}/sessions`, { token });
  },

  /** A challenge that confirms this session. */
  askPasskey: async (token: string): Promise<PasskeyChallenge> =>
    (await send("POST", `${BASE}/sessions/current/passkey-challenge`, {
      token,
    })) as PasskeyChallenge,

  confirm: async (token: string, body: Confirmation): Promise<void> => {
    await send("POST", `${BASE}/sessions/current/confirmation`, { token, body });
  },

  changePassword: async (token: string, body: ChangePassword): Promise<void> => {
    await send("PUT", `${BASE}/me/password`, { token, body });
  },

  factors: async (token: string): Promise<Factors> =>
    (await send("GET", `${BASE}/me/factors`, { token })) as Factors,

  beginApp: async (token: string): Promise<AuthenticatorAppSetup> =>
    (await send("POST", `${BASE}/me/authenticator-app`, { token })) as AuthenticatorAppSetup,

  addApp: async (token: string, body: AddAuthenticatorApp): Promise<FactorsChanged> =>
    (await send("PUT", `${BASE}/me/authenticator-app`, { token, body })) as FactorsChanged,

  removeApp: async (token: string): Promise<FactorsChanged> =>
    (await send("DELETE", `${BASE}/me/authenticator-app`, { token })) as FactorsChanged,

  newRecoveryCodes: async (token: string): Promise<FactorsChanged> =>
    (await send("POST", `${BASE}/me/recovery-codes`, { token })) as FactorsChanged,

  /** What the browser needs to make a passkey. */
  beginPasskey: async (token: string): Promise<object> =>
    (await send("POST", `${BASE}/me/passkeys/challenge`, { token })) as object,

  addPasskey: async (token: string, body: AddPasskey): Promise<FactorsChanged> =>
    (await send("POST", `${BASE}/me/passkeys`, { token, body })) as FactorsChanged,

  renamePasskey: async (
    token: string,
    passkey: PasskeyId,
    body: RenamePasskey,
  ): Promise<FactorsChanged> =>
    (await send("PATCH", `${BASE}/me/passkeys/${passkey}`, { token, body })) as FactorsChanged,

  removePasskey: async (token: string, passkey: PasskeyId): Promise<FactorsChanged> =>
    (await send("DELETE", `${BASE}/me/passkeys/${passkey}`, { token })) as FactorsChanged,

  changeMe: async (token: string, body: ChangeMe): Promise<Person> =>
    (await send("PATCH", `${BASE}/me`, { token, body })) as Person,

  people: async (token: string, query: string, signal: AbortSignal): Promise<People> =>
    (await send("GET", `${BASE}/people?${new URLSearchParams({ query }).toString()}`, {
      token,
      signal,
    })) as People,

  invites: async (token: string): Promise<Invites> =>
    (await send("GET", `${BASE}/invites`, { token })) as Invites,

  makeInvite: async (token: string, body: NewInvite): Promise<MadeInvite> =>
    (await send("POST", `${BASE}/invites`, { token, body })) as MadeInvite,

  withdrawInvite: async (token: string, invite: InviteId): Promise<void> => {
    await send("DELETE", `${BASE}/invites/${invite}`, { token });
  },

  /** The accounts of the server, by username, from after one. */
  accounts: async (token: string, after: string | null): Promise<ManagedAccounts> => {
    const query = after === null ? "" : `?${new URLSearchParams({ after }).toString()}`;
    return (await send("GET", `${BASE}/accounts${query}`, { token })) as ManagedAccounts;
  },

  changeAccount: async (
    token: string,
    account: UserId,
    body: ChangeAccount,
  ): Promise<ManagedAccount> =>
    (await send("PATCH", `${BASE}/accounts/${account}`, { token, body })) as ManagedAccount,

  resetPassword: async (token: string, account: UserId): Promise<PasswordReset> =>
    (await send("POST", `${BASE}/accounts/${account}/reset`, { token })) as PasswordReset,

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
