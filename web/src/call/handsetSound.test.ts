import { describe, expect, test } from "vitest";

import VALUES from "../../../crates/call/scenarios/values.json";
import type { Role } from "../protocol/Role";
import { isHeard } from "./invariants";
import { seeded, type Side } from "./testing";
import { World } from "./testWorld";

const RUNS = 500;
const STEPS = 150;

describe("fault 21: the icon, the track and what the other side is told agree", () => {
  test(`at every step of ${RUNS} random sequences of mute, hold, speaker, device swap, connecting and reloading`, () => {
    const seen = { muted: 0, held: 0, heldByOther: 0, mutedBeforeConnect: 0 };
    for (let seed = 1; seed <= RUNS; seed += 1) {
      const world = dialled();
      const people = new People(world, seeded(seed));
      const check = (when: string): void => {
        expect({ seed, when, wrong: disagreements(world, people.wishes) }).toEqual({
          seed,
          when,
          wrong: [],
        });
      };
      for (let step = 0; step < STEPS; step += 1) {
        people.act();
        if (disagreements(world, people.wishes).length > 0) check(`step ${step}`);
      }
      deliverAll(world, () => {
        if (disagreements(world, people.wishes).length > 0) check("while all arrives");
      });
      reconnect(world);
      check("at rest");
      expect({ seed, wrong: differences(world) }).toEqual({ seed, wrong: [] });

      const { view } = world.caller;
      if (view.phase !== "active") continue;
      seen.muted += Number(view.muted);
      seen.held += Number(view.on_hold);
      seen.heldByOther += Number(view.peer_on_hold);
      seen.mutedBeforeConnect += Number(people.mutedBeforeConnect);
    }
    // The sequences came to where it matters.
    for (const times of Object.values(seen)) expect(times).toBeGreaterThan(RUNS / 10);
  });

  test.each([true, false])("muting before connect holds after connect (%s)", (muted) => {
    const world = dialled();
    world.hand(world.caller, { type: "mute", muted: true });
    if (!muted) world.hand(world.caller, { type: "mute", muted: false });
    const wishes = new Map([[world.caller.role, muted]]);
    const check = (): void => expect(disagreements(world, wishes)).toEqual([]);
    while (world.callee.view.phase !== "incoming") {
      check();
      world.waiting[0]?.();
    }
    world.hand(world.callee, { type: "answer" });
    deliverAll(world, check);
    expect(world.caller.view).toMatchObject({ phase: "active", path: "connected", muted });
    expect(world.caller.track).toEqual({ enabled: !muted });
    expect(world.callee.view).toMatchObject({ phase: "active", peer_muted: muted });
  });
});

/** What people, devices and the network do, at random. */
class People {
  /** Who pressed *Mute* last for what. */
  readonly wishes = new Map<Role, boolean>();
  mutedBeforeConnect = false;
  readonly #world: World;
  readonly #random: () => number;

  constructor(world: World, random: () => number) {
    this.#world = world;
    this.#random = random;
  }

  act(): void {
    const { waiting, sides } = this.#world;
    if (waiting.length > 0 && this.#random() < 0.6) this.#pick(waiting)();
    else this.#press(this.#pick(sides), this.#random() < 0.5);
  }

  #press(side: Side, on: boolean): void {
    const world = this.#world;
    switch (Math.floor(this.#random() * 10)) {
      case 0:
      case 1:
      case 2:
        return this.#mute(side, on);
      case 3:
      case 4:
        return world.hand(side, { type: "hold", on });
      case 5:
        return world.hand(side, { type: "speaker", on });
      case 6:
        return side.swapMicrophone();
      case 7:
        if (side.view.phase === "incoming") world.hand(side, { type: "answer" });
        else world.hand(side, { type: on ? "peer_disconnected" : "network_changed" });
        return;
      case 8: {
        // What came by the channel comes once more, and late.
        const [message] = side.fromOther;
        if (message) side.fromOther.push(message);
        return;
      }
      default:
        if (!world.sides.every(({ view }) => view.phase === "active")) return;
        if (on) world.restartServer();
        else this.#reload(side);
    }
  }

  /** What the server knew of the page is how it goes on. */
  #reload(side: Side): void {
    const { view } = this.#world.reload(side);
    if (view.phase === "active") this.wishes.set(side.role, view.muted);
  }

  #mute(side: Side, muted: boolean): void {
    const { phase } = side.view;
    this.#world.hand(side, { type: "mute", muted });
    if (phase !== "outgoing" && phase !== "active") return;
    this.wishes.set(side.role, muted);
    if (phase === "outgoing") this.mutedBeforeConnect = muted;
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random() * items.length)] as T;
  }
}

function dialled(): World {
  const world = new World();
  const { attempt, talk_with_bob: conversation } = VALUES;
  world.hand(world.caller, { type: "dial", attempt, conversation });
  return world;
}

/** Where icon, track, wish and what was told do not agree, on either side. */
function disagreements({ sides }: World, wishes: ReadonlyMap<Role, boolean>): string[] {
  return sides.flatMap((side) => {
    const { view, track, told, role } = side;
    const heard = isHeard(view);
    const wrong: string[] = [];
    const must = (what: string, is: boolean, shall: boolean): void => {
      if (is !== shall) wrong.push(`${role}: ${what} is ${is}`);
    };
    if (track && heard !== null) must("track.enabled", track.enabled, heard);
    if (view.phase === "outgoing" || view.phase === "active") {
      must("the icon's muted", view.muted, wishes.get(role) ?? false);
    }
    if (view.phase === "active") {
      must("the muted that was told", told?.muted ?? view.muted, view.muted);
      must("the on_hold that was told", told?.on_hold ?? view.on_hold, view.on_hold);
      if (side.connection) must("the speaker", side.audible, view.speaker && !view.on_hold);
    }
    return wrong;
  });
}

/** Where one side or the server shows another thing of a side than that side itself. */
function differences({ caller, callee, sounds }: World): string[] {
  return [[caller, callee] as const, [callee, caller] as const].flatMap(
    ([{ view, role }, { view: other }]) => {
      if (view.phase !== "active" || other.phase !== "active") return [];
      const { muted, on_hold } = sounds[role];
      const shown = [other.peer_muted, muted, other.peer_on_hold, on_hold];
      const own = [view.muted, view.muted, view.on_hold, view.on_hold];
      return shown.every((value, i) => value === own[i])
        ? []
        : [`${role} is ${own.join()}, shown ${shown.join()}`];
    },
  );
}

/** Time passes until the two are connected again; they would give up after 30 s. */
function reconnect(world: World): void {
  const isConnected = ({ view }: Side): boolean =>
    view.phase !== "active" || view.path === "connected";
  for (let left = 20; left > 0 && !world.sides.every(isConnected); left -= 1) {
    world.wait();
    deliverAll(world, () => undefined);
    for (const side of world.sides) {
      if (side.isConnectedTo(world.other(side))) world.hand(side, { type: "heard" });
    }
    deliverAll(world, () => undefined);
  }
  expect(world.sides.map(isConnected)).toEqual([true, true]);
}

function deliverAll(world: World, each: () => void): void {
  for (let left = 10_000; ; left -= 1) {
    const [next] = world.waiting;
    if (!next) return;
    if (left === 0) throw new Error("it never comes to rest");
    next();
    each();
  }
}
