import { flushSync } from "svelte";
import { expect, test } from "vitest";

import { InviteList } from "./invites.svelte";
import { ManagedList } from "./managed.svelte";

/** As many turns as an effect that runs again and again would use. */
const TURNS = 20;

test("accounts are asked for once by an effect that loads them", async () => {
  let asked = 0;
  const list = new ManagedList({
    list: () => {
      asked += 1;
      return Promise.resolve({ accounts: [], more: false });
    },
    disable: () => Promise.reject(new Error("not asked")),
    reset: () => Promise.reject(new Error("not asked")),
  });
  await runInEffect(() => void list.load());
  expect([asked, list.phase]).toEqual([1, "ready"]);
});

test("invites are asked for once by an effect that loads them", async () => {
  let asked = 0;
  const list = new InviteList({
    list: () => {
      asked += 1;
      return Promise.resolve([]);
    },
    make: () => Promise.reject(new Error("not asked")),
    withdraw: () => Promise.reject(new Error("not asked")),
  });
  await runInEffect(() => void list.load());
  expect([asked, list.phase]).toEqual([1, "ready"]);
});

/** Lets an effect run, as a dialog has one, and again as often as it wants to. */
async function runInEffect(work: () => void): Promise<void> {
  const end = $effect.root(() => {
    $effect(work);
  });
  for (let turn = 0; turn < TURNS; turn += 1) {
    flushSync();
    await Promise.resolve();
  }
  end();
}
