/** What people do with a call, in the words of the screen. */
import { expect, type Locator } from "@playwright/test";

import { Ear } from "./ear";
import type { Person } from "./person";
import type { Recording } from "./recording";
import type { Joining, People } from "./test";

/** So many packets are no chance. Of silence there are a few a second. */
const PACKETS_OF_SILENCE = 5;

/** Somebody who calls or is called, with an ear at their browser. */
export class Caller {
  readonly person: Person;
  readonly ear: Ear;
  /** The pitch of their microphone. */
  readonly hertz: number;

  private constructor(person: Person, ear: Ear, hertz: number) {
    this.person = person;
    this.ear = ear;
    this.hertz = hertz;
  }

  /** Somebody joins with a microphone that hears a pitch of their own. */
  static async join(
    people: People,
    displayName: string,
    hertz: number,
    how: Joining = {},
  ): Promise<Caller> {
    const person = await people.join(displayName, { microphone: { hertz }, ...how });
    return new Caller(person, await Ear.at(person.page), hertz);
  }

  /** Another tab in somebody's browser. */
  static async tab(people: People, of: Caller): Promise<Caller> {
    const person = await people.tab(of.person);
    return new Caller(person, await Ear.at(person.page), of.hertz);
  }

  /** Another device of somebody's, signed in, which the one that they have vouches for. */
  static async device(
    people: People,
    of: Caller,
    hertz: number,
    how: Joining = {},
  ): Promise<Caller> {
    const { account } = of.person;
    const device = await Caller.join(people, account.displayName, hertz, { account, ...how });
    await device.person.signIn();
    await of.person.vouchForNewDevice();
    return device;
  }

  /** The call modal with somebody. */
  call(other: Caller): Locator {
    return this.person.call(other.person);
  }

  /** The status text of the call. */
  status(other: Caller): Locator {
    return this.call(other).getByRole("status");
  }

  button(other: Caller, name: string): Locator {
    return this.call(other).getByRole("button", { name, exact: true });
  }

  /** The running time of the call. */
  timer(other: Caller): Locator {
    return this.call(other).getByRole("timer");
  }

  /** What the screen says of the way that the sound goes. */
  route(other: Caller, name: "Direct" | "Relayed"): Locator {
    return this.call(other).getByRole("button", { name: `${name} connection` });
  }

  /** Who is at the other end, as the call's screen says. */
  identity(other: Caller): Locator {
    return this.call(other).getByRole("button", { name: "compare pictures" });
  }

  /** Opens the pictures to compare, and reads their names. */
  async pictures(other: Caller): Promise<string[]> {
    await this.identity(other).click();
    const pictures = this.call(other).getByRole("listitem");
    await expect(pictures).toHaveCount(5);
    return pictures.allInnerTexts();
  }

  async dial(other: Caller): Promise<void> {
    await this.person.callButton(other.person).click();
    await expect(this.call(other)).toBeVisible();
  }

  async answer(other: Caller): Promise<void> {
    await this.button(other, "Answer").click();
  }

  async end(other: Caller): Promise<void> {
    await this.button(other, "End call").click();
  }

  /** Closes the screen of a call that is over. */
  async dismiss(other: Caller): Promise<void> {
    const close = this.button(other, "Close");
    // It may go away by itself in the meantime.
    if (await close.isVisible()) await this.person.page.keyboard.press("Escape");
    await expect(this.call(other)).toBeHidden();
  }

  /** Waits until the call is shown as running. */
  async talks(other: Caller): Promise<void> {
    await expect(this.timer(other)).toBeVisible();
  }
}

/** Calls, answers and waits until both hear each other. */
export async function connect(caller: Caller, callee: Caller): Promise<void> {
  await caller.dial(callee);
  await callee.answer(caller);
  await callee.ear.hears(caller.hertz);
  await caller.ear.hears(callee.hertz);
  await caller.talks(callee);
  await callee.talks(caller);
}

/** Calls, answers and waits until the path carries packets both ways to a device that is a new one to the caller: neither is heard. */
export async function connectUnheard(caller: Caller, callee: Caller): Promise<void> {
  let heardByCaller: Recording | undefined;
  const heardByCallee = await callee.ear.during([caller.hertz], async () => {
    heardByCaller = await caller.ear.during([callee.hertz], async () => {
      await caller.dial(callee);
      await callee.answer(caller);
      await expect(caller.identity(callee)).toContainText("New device");
      for (const { ear } of [caller, callee]) {
        await expect.poll(() => ear.packetsReceived()).toBeGreaterThan(PACKETS_OF_SILENCE);
      }
    });
  });
  expect([...(heardByCaller?.heard.keys() ?? [caller.hertz])]).toEqual([]);
  expect([...heardByCallee.heard.keys()]).toEqual([]);
}
