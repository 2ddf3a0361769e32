/** *Test my connection* in the words of the screen. */
import { expect, type Locator } from "@playwright/test";

import type { Person } from "./person";

/** Opens the test and starts it. */
export async function startTest({ page }: Person): Promise<void> {
  await page.getByRole("button", { name: "Your account" }).click();
  await page.getByRole("button", { name: "Test my connection" }).click();
  await page.getByRole("button", { name: "Start the test" }).click();
}

/** Waits for the end of the test. */
export async function endTest(person: Person): Promise<void> {
  // The slowest port is given up after eight seconds, and the tone through the relay after eight more.
  await expect(person.page.getByRole("button", { name: "Test again" })).toBeVisible({
    timeout: 30_000,
  });
}

/** Runs the whole test. */
export async function runTest(person: Person): Promise<void> {
  await startTest(person);
  await endTest(person);
}

/** What all verdicts together say. */
export function summary(person: Person): Locator {
  return dialog(person).getByRole("status");
}

/** The line of what is tested, found by its name. */
export function line(person: Person, name: string): Locator {
  const heading = person.page.getByRole("heading", { name: new RegExp(`^${name} `) });
  return dialog(person).getByRole("listitem").filter({ has: heading });
}

function dialog({ page }: Person): Locator {
  return page.getByRole("dialog", { name: "Test my connection" });
}
