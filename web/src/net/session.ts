// The signed-in session of this browser: an access token in memory, renewed before it runs out.
//
// The refresh token is a cookie that no script reads and that changes at every use. Tabs share it,
// so refreshes are kept apart by a lock that all tabs of the browser see; where the browser has no
// locks (insecure pages), the server's rule for lost answers covers two tabs that collide.

import type { SignedIn } from "../protocol/SignedIn";

import { openApi } from "./api";
import { RequestFailed, Unreachable } from "./http";

/** Milliseconds of life left at which a token is renewed. */
const RENEW_BEFORE = 60_000;
/** Milliseconds after which a renewal that failed is tried again. */
const RETRY_AFTER = 5_000;
const LOCK = "ahoy-refresh";

/** The session is over: the person has to sign in again. */
export class SignedOut extends Error {
  override readonly name = "SignedOut";
}

export interface SessionListener {
  /** There is a new access token. `signedIn` may be another account's where another tab signed in. */
  renewed(signedIn: SignedIn): void;
  /** The session is over. */
  ended(): void;
}

export interface SessionPorts {
  refresh?: () => Promise<SignedIn>;
  /** Missing on insecure pages. */
  locks?: Pick<LockManager, "request"> | undefined;
  now?: () => number;
}

export class Session {
  #token: string;
  #expiresAt: number;
  #refreshing: Promise<string> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #over = false;
  readonly #listener: SessionListener;
  readonly #refresh: () => Promise<SignedIn>;
  readonly #locks: Pick<LockManager, "request"> | undefined;
  readonly #now: () => number;

  constructor(signedIn: SignedIn, listener: SessionListener, ports: SessionPorts = {}) {
    this.#listener = listener;
    this.#refresh = ports.refresh ?? openApi.refresh;
    this.#locks = ports.locks;
    this.#now = ports.now ?? Date.now;
    this.#token = signedIn.access_token;
    this.#expiresAt = 0;
    this.#take(signedIn);
  }

  /**
   * An access token that lives a while longer.
   *
   * @throws {SignedOut} where the session is over.
   * @throws {Unreachable} where it had to be renewed and could not.
   */
  async token(): Promise<string> {
    if (this.#over) throw new SignedOut();
    return this.#expiresAt - this.#now() > RENEW_BEFORE / 2 ? this.#token : this.renew();
  }

  /** Gets a new access token now; callers at the same time share one. Throws like {@link token}. */
  renew(): Promise<string> {
    this.#refreshing ??= this.#renew().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  /** Runs a request with the access token, and once more with a new one where the first was refused. */
  async with<T>(request: (token: string) => Promise<T>): Promise<T> {
    try {
      return await request(await this.token());
    } catch (error) {
      if (!(error instanceof RequestFailed) || error.code !== "unauthenticated") throw error;
      return request(await this.renew());
    }
  }

  /** Stops renewing. The session itself goes on. */
  dispose(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }

  async #renew(): Promise<string> {
    if (this.#over) throw new SignedOut();
    try {
      const signedIn = await inTurn(this.#locks, this.#refresh);
      if (!this.#isOver()) {
        this.#take(signedIn);
        this.#listener.renewed(signedIn);
      }
      return signedIn.access_token;
    } catch (error) {
      if (error instanceof RequestFailed && error.code === "unauthenticated") {
        if (!this.#isOver()) {
          this.dispose();
          this.#listener.ended();
        }
        throw new SignedOut();
      }
      this.#schedule(RETRY_AFTER);
      throw error instanceof RequestFailed ? new Unreachable() : error;
    }
  }

  /** A function, so that the compiler does not take the answer of before an `await` for the one after. */
  #isOver(): boolean {
    return this.#over;
  }

  #take(signedIn: SignedIn): void {
    this.#token = signedIn.access_token;
    this.#expiresAt = this.#now() + signedIn.expires_in;
    this.#schedule(Math.max(signedIn.expires_in - RENEW_BEFORE, RETRY_AFTER));
  }

  #schedule(delay: number): void {
    clearTimeout(this.#timer);
    if (this.#over) return;
    this.#timer = setTimeout(() => {
      // A failure has been told to the listener or is tried again by the timer.
      this.renew().catch(() => undefined);
    }, delay);
  }
}

/** Refreshes while no other tab does. */
export async function inTurn(
  locks: Pick<LockManager, "request"> | undefined,
  refresh: () => Promise<SignedIn>,
): Promise<SignedIn> {
  return locks === undefined ? refresh() : locks.request(LOCK, refresh);
}
