import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { SignedIn } from "../protocol/SignedIn";

import { RequestFailed, Unreachable } from "./http";
import type { SessionListener } from "./session";
import { Session, SignedOut } from "./session";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("the token is renewed a minute before it runs out, without being asked for", async () => {
  const { session, renewed } = begin();
  expect(await session.token()).toBe("token-0");
  await vi.advanceTimersByTimeAsync(9 * 60_000 - 1);
  expect(renewed).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(renewed).toEqual(["token-1"]);
  expect(await session.token()).toBe("token-1");
});

test("callers at the same time share one refresh", async () => {
  const { session, refreshes } = begin();
  expect(await Promise.all([session.renew(), session.renew()])).toEqual(["token-1", "token-1"]);
  expect(refreshes()).toBe(1);
});

test("a refresh waits for the lock that all tabs share", async () => {
  const order: string[] = [];
  const locks = {
    request: async (name: string, act: () => Promise<unknown>): Promise<unknown> => {
      order.push(`lock ${name}`);
      const result = await act();
      order.push("unlock");
      return result;
    },
  } as unknown as LockManager;
  const { session } = begin({ locks });
  await session.renew();
  expect(order).toEqual(["lock ahoy-refresh", "unlock"]);
});

test("a request whose token was refused is made once more with a new one", async () => {
  const { session } = begin();
  const used: string[] = [];
  const answer = await session.with((token) => {
    used.push(token);
    return token === "token-1" ? Promise.resolve("done") : Promise.reject(unauthenticated());
  });
  expect(answer).toBe("done");
  expect(used).toEqual(["token-0", "token-1"]);
});

test("a refused refresh ends the session, and says so once", async () => {
  const { session, ended } = begin({ refresh: () => Promise.reject(unauthenticated()) });
  await expect(session.renew()).rejects.toBeInstanceOf(SignedOut);
  await expect(session.token()).rejects.toBeInstanceOf(SignedOut);
  expect(ended()).toBe(1);
});

test("an unreachable server ends nothing and is tried again", async () => {
  const answers = [Promise.reject(new Unreachable()), Promise.resolve(signedIn("token-1"))];
  const { session, ended, renewed } = begin({
    refresh: () => answers.shift() ?? Promise.reject(new Error("more")),
  });
  await expect(session.renew()).rejects.toBeInstanceOf(Unreachable);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(renewed).toEqual(["token-1"]);
  expect(ended()).toBe(0);
});

test("nothing is renewed after the session was put away", async () => {
  const { session, refreshes } = begin();
  session.dispose();
  await vi.advanceTimersByTimeAsync(60 * 60_000);
  expect(refreshes()).toBe(0);
});

function begin(ports: { refresh?: () => Promise<SignedIn>; locks?: LockManager } = {}): {
  session: Session;
  renewed: string[];
  refreshes: () => number;
  ended: () => number;
} {
  const renewed: string[] = [];
  let refreshes = 0;
  let ended = 0;
  const listener: SessionListener = {
    renewed: ({ access_token }) => renewed.push(access_token),
    ended: () => (ended += 1),
  };
  const refresh = (): Promise<SignedIn> => {
    refreshes += 1;
    return ports.refresh?.() ?? Promise.resolve(signedIn(`token-${refreshes}`));
  };
  const session = new Session(signedIn("token-0"), listener, { refresh, locks: ports.locks });
  return { session, renewed, refreshes: () => refreshes, ended: () => ended };
}

function signedIn(token: string): SignedIn {
  return {
    access_token: token,
    expires_in: 600_000,
    me: { id: "me", username: "me", display_name: "Me" },
    device: { id: "device", name: "Test" },
    session: "session",
  };
}

function unauthenticated(): RequestFailed {
  return new RequestFailed({ status: 401, code: "unauthenticated", title: "Sign in again." });
}
