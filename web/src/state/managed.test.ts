import { expect, test } from "vitest";

import type { ManagedAccount } from "../protocol/ManagedAccount";

import { InviteList } from "./invites.svelte";
import { ManagedList } from "./managed.svelte";

test("accounts come page by page, from after the last one", async () => {
  const asked: (string | null)[] = [];
  const list = new ManagedList({
    list: (after) => {
      asked.push(after);
      const accounts = after === null ? [account("ada")] : [account("ben")];
      return Promise.resolve({ accounts, more: after === null });
    },
    disable: () => Promise.reject(new Error("not asked")),
    reset: () => Promise.reject(new Error("not asked")),
  });
  await list.load();
  expect(list.more).toBe(true);
  await list.loadMore();
  expect(asked).toEqual([null, "ada"]);
  expect(list.accounts.map(({ person }) => person.username)).toEqual(["ada", "ben"]);
  expect(list.more).toBe(false);
});

test("a change that failed says so and leaves the account as it was", async () => {
  const list = new ManagedList({
    list: () => Promise.resolve({ accounts: [account("ada"), account("ben")], more: false }),
    disable: (id, disabled) =>
      id === "ada"
        ? Promise.reject(new Error("It is your own."))
        : Promise.resolve({ ...account(id), disabled }),
    reset: () =>
      Promise.resolve({ secret: "s", expires_at: 1, authenticator_app: true, passkeys: 0 }),
  });
  await list.load();
  await list.disable("ada", true);
  expect(list.problem).toBe("It is your own.");
  await list.disable("ben", true);
  expect(list.problem).toBe(null);
  expect(list.accounts.map(({ disabled }) => disabled)).toEqual([false, true]);
  await list.resetPassword("ben");
  expect(list.reset?.account).toBe("ben");
  await list.load();
  expect(list.reset, "shown once").toBe(null);
});

test("a withdrawn invite takes its link with it", async () => {
  const invite = { id: "i", inviter: null, created_at: 0, expires_at: 1, uses: 1, used: 0 };
  const list = new InviteList({
    list: () => Promise.resolve([]),
    make: () => Promise.resolve({ invite, secret: "s" }),
    withdraw: () => Promise.resolve(),
  });
  await list.load();
  await list.make({ uses: 1, days: 7 });
  expect([list.invites.length, list.made?.secret]).toEqual([1, "s"]);
  await list.withdraw("i");
  expect([list.invites.length, list.made]).toEqual([0, null]);
});

function account(username: string): ManagedAccount {
  return {
    person: { id: username, username, display_name: username },
    administrator: false,
    disabled: false,
    created_at: 0,
    last_used_at: null,
  };
}
