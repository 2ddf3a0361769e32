// What is needed only once somebody is signed in: a chunk of its own, so that the first paint does
// not wait for it.

import { createController } from "./call/controller";
import { createProbes } from "./doctor/probes";
import type { Session } from "./net/session";
import type { SignedIn } from "./protocol/SignedIn";
import type { AccountPorts } from "./state/account.svelte";
import { Account } from "./state/account.svelte";

export { default as Home } from "./ui/home/Home.svelte";

/** Puts an account together with the real controller of calls. */
export function createAccount(
  signedIn: SignedIn,
  session: Session,
  ports: Omit<AccountPorts, "createController" | "createProbes">,
): Account {
  return new Account(signedIn, session, { ...ports, createController, createProbes });
}
