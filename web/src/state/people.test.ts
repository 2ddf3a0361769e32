import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Person } from "../protocol/Person";

import { PeopleSearch } from "./people.svelte";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("people are asked for once typing pauses, and a late answer to an older question is dropped", async () => {
  const questions = new Map<string, (people: Person[]) => void>();
  const search = new PeopleSearch(
    (query) => new Promise((resolve) => questions.set(query, resolve)),
  );
  search.type("b");
  search.type("be");
  await vi.advanceTimersByTimeAsync(250);
  expect([...questions.keys()]).toEqual(["be"]);
  search.type("ben");
  await vi.advanceTimersByTimeAsync(250);
  questions.get("ben")?.([person("ben")]);
  questions.get("be")?.([person("bea")]);
  await vi.advanceTimersByTimeAsync(0);
  expect(search.found).toEqual({ is: "found", people: [person("ben")] });
});

test("a single letter is not asked for", async () => {
  const search = new PeopleSearch(() => Promise.reject(new Error("not asked")));
  search.type(" b ");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(search.found).toEqual({ is: "short" });
});

test("clearing the search forgets the question that is under way", async () => {
  const search = new PeopleSearch(() => Promise.resolve([person("ben")]));
  search.type("ben");
  search.clear();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(search.found).toEqual({ is: "idle" });
});

test("a search that failed says so and can be tried again", async () => {
  let isDown = true;
  const search = new PeopleSearch(() =>
    isDown ? Promise.reject(new Error("no network")) : Promise.resolve([person("ben")]),
  );
  search.type("ben");
  await vi.advanceTimersByTimeAsync(250);
  expect(search.found).toEqual({ is: "failed", message: "no network" });
  isDown = false;
  search.retry();
  await vi.advanceTimersByTimeAsync(250);
  expect(search.found.is).toBe("found");
});

function person(username: string): Person {
  return { id: username, username, display_name: username };
}
