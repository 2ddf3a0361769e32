// Who is signed in, if anybody: start with the session of the last visit, sign in, sign out.

import type { Component } from "svelte";

import { openApi } from "../net/api";
import type { Arrival } from "../net/arrival";
import { deviceClaim, rememberDevice, wasSignedIn } from "../net/device";
import { RequestFailed } from "../net/http";
import { inTurn, Session } from "../net/session";
import { accountOf, usePasskey } from "../net/passkeys";
import { reconnectDelay } from "../net/reconnect";
import type { SecondFactor } from "../protocol/SecondFactor";
import type { SecondFactorRequired } from "../protocol/SecondFactorRequired";
import type { SignedIn } from "../protocol/SignedIn";

import type { Account, AccountPorts } from "./account.svelte";
import { findDoor } from "./door";
import type { Door } from "./door";
import type { Route } from "./route.svelte";

/** Signs out here, or on all of the account's devices. */
export type SignOut = (everywhere?: boolean) => Promise<void>;

export type Home = Component<{ account: Account; route: Route; signOut: SignOut }>;

/** What is loaded for somebody who is signed in. */
export interface SignedInModule {
  Home: Home;
  createAccount: (
    signedIn: SignedIn,
    session: Session,
    ports: Omit<AccountPorts, "createController" | "createProbes">,
  ) => Account;
}

export type Entrance =
  /** It is being found out. */
  | { is: "starting"; unreachable: boolean }
  /** Nobody; `notice` says why, where that was not the person's own wish. */
  | { is: "signed_out"; notice: string | null }
  /** Somebody came by the link of a reset. */
  | { is: "choosing_password"; secret: string }
  | { is: "signed_in"; account: Account; Home: Home }
  /** This page is too old for its server. */
  | { is: "outdated" };

export interface AppPorts {
  /** What the page was opened for, and how its address forgets that. */
  arrival: Arrival;
  forgetArrival: () => void;
  /** Loads what is needed once somebody is signed in; called again, it costs nothing. */
  load: () => Promise<SignedInModule>;
  storage: Storage;
  locks: Pick<LockManager, "request"> | undefined;
  userAgent: string;
}

export class App {
  entrance = $state.raw<Entrance>({ is: "starting", unreachable: false });
  /** What a stranger finds; nothing before it is known. */
  door = $state.raw<Door | null>(null);

  readonly #ports: AppPorts;
  #arrival: Arrival;

  constructor(ports: AppPorts) {
    this.#ports = ports;
    this.#arrival = ports.arrival;
  }

  /** Takes up the session of the last visit; waits while the server cannot be reached. */
  async start(): Promise<void> {
    // Alongside, for it will most likely be needed; a failure is dealt with where it is.
    this.#ports.load().catch(() => null);
    const { arrival } = this.#ports;
    if (arrival.for === "reset") {
      this.entrance = { is: "choosing_password", secret: arrival.secret };
      return;
    }
    if (!wasSignedIn(this.#ports.storage)) {
      this.#leave({ is: "signed_out", notice: null });
      return;
    }
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#enter(await inTurn(this.#ports.locks, openApi.refresh));
        return;
      } catch (error) {
        if (error instanceof RequestFailed && error.status < 500) {
          this.#leave({ is: "signed_out", notice: null });
          return;
        }
        this.entrance = { is: "starting", unreachable: true };
      }
      await pause(reconnectDelay(attempt, Math.random()));
    }
  }

  /** Signs in, or says what the account asks for besides the password. */
  async signIn(username: string, password: string): Promise<SecondFactorRequired | null> {
    const { storage, userAgent } = this.#ports;
    const device = deviceClaim(storage, username, userAgent);
    const answer = await openApi.signIn({ username, password, device });
    if ("ticket" in answer) return answer;
    await this.#enter(answer);
    return null;
  }

  /** Goes on with a sign-in whose password was right. */
  async secondFactor(shown: SecondFactor): Promise<void> {
    await this.#enter(await openApi.secondFactor(shown));
  }

  async signInWithPasskey(): Promise<void> {
    const { storage, userAgent } = this.#ports;
    const { challenge, options } = await openApi.askPasskey();
    const credential = await usePasskey(options);
    const device = deviceClaim(storage, accountOf(credential) ?? "", userAgent);
    await this.#enter(
      await openApi.signInWithPasskey({ passkey: { challenge, credential }, device }),
    );
  }

  async register(username: string, display_name: string, password: string): Promise<void> {
    const { storage, userAgent } = this.#ports;
    const device = deviceClaim(storage, username, userAgent);
    const invitation = this.door?.invitation;
    const invite = invitation?.is === "good" ? { invite: invitation.secret } : {};
    await this.#enter(
      await openApi.register({ username, display_name, password, device, ...invite }),
    );
  }

  /** Chooses a new password by the link that the page was opened with. */
  async choosePassword(secret: string, password: string): Promise<void> {
    await openApi.choosePassword({ reset: secret, password });
    this.leaveReset("Your new password is kept. Sign in with it.");
  }

  /** From the choice of a new password to the page for everybody. */
  leaveReset(notice: string | null): void {
    this.#ports.forgetArrival();
    this.#arrival = { for: "nothing" };
    this.#leave({ is: "signed_out", notice });
  }

  async signOut(everywhere = false): Promise<void> {
    if (this.entrance.is !== "signed_in") return;
    await this.entrance.account.signOut(everywhere);
    this.#leave({
      is: "signed_out",
      notice: everywhere ? "You are signed out everywhere, here too." : null,
    });
  }

  /** The session is over without the person's doing. */
  #sessionEnded(): void {
    this.#leave({
      is: "signed_out",
      notice: "Your session on this device was ended. Sign in again to go on.",
    });
  }

  async #enter(signedIn: SignedIn): Promise<void> {
    const { storage, locks, load } = this.#ports;
    rememberDevice(storage, signedIn.me.username, signedIn.device.id);
    rememberDevice(storage, signedIn.me.id, signedIn.device.id);
    const loaded = await load().catch(() => null);
    if (loaded === null) {
      // The server was updated and no longer has the files of this page.
      this.#leave({ is: "outdated" });
      return;
    }
    const { Home, createAccount } = loaded;
    const session = new Session(
      signedIn,
      {
        renewed: (next) => {
          if (next.session === signedIn.session) account.renewed(next);
          // Another tab signed somebody in: what this tab shows is no longer theirs to see.
          else void this.#enter(next);
        },
        ended: () => this.#sessionEnded(),
      },
      { locks },
    );
    const account = createAccount(signedIn, session, {
      storage,
      closed: (why) =>
        why === "unsupported" ? this.#leave({ is: "outdated" }) : this.#sessionEnded(),
    });
    // A link for somebody without an account is of no more use here.
    this.#ports.forgetArrival();
    this.#arrival = { for: "nothing" };
    this.#leave({ is: "signed_in", account, Home });
  }

  async #findDoor(): Promise<void> {
    this.door = null;
    this.door = await findDoor(this.#arrival, openApi);
  }

  #leave(entrance: Entrance): void {
    const before = this.entrance;
    this.entrance = entrance;
    if (entrance.is === "signed_out") void this.#findDoor();
    if (before.is === "signed_in") before.account.dispose();
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
