import { describe, expect, test } from "vitest";

import VALUES from "../../../crates/call/scenarios/values.json";
import { HANDSET_TIMEOUTS } from "../protocol/timeouts";
import { Handset } from "./handset";
import { Phone } from "./phone";

const SCENARIOS = import.meta.glob<Scenario>(
  ["../../../crates/call/scenarios/*.json", "!**/values.json"],
  { eager: true, import: "default" },
);

test("the scenarios are there", () => {
  const machines = Object.values(SCENARIOS).map(({ machine }) => machine ?? "handset");
  for (const machine of ["handset", "phone"]) {
    expect(machines.filter((one) => one === machine).length).toBeGreaterThanOrEqual(20);
  }
});

describe("handset and phone do what every scenario says", () => {
  for (const [path, scenario] of Object.entries(SCENARIOS)) {
    test(`${path.split("/").at(-1) ?? path}: ${scenario.says}`, () => {
      const machine = made(scenario);
      for (const [i, step] of scenario.steps.entries()) {
        const input = resolve(step.input);
        const played = {
          step: i,
          effects: machine.handle(step.at, input),
          view: machine.view(),
          timeout: machine.pollTimeout(),
        };
        expect(played).toEqual({
          step: i,
          effects: resolve(step.effects),
          view: resolve(step.view),
          timeout: step.timeout,
        });
      }
    });
  }
});

interface Scenario {
  says: string;
  me: string;
  /** What it drives; a handset where it does not say. */
  machine?: string;
  steps: { at: number; input: unknown; effects: unknown; view: unknown; timeout: number | null }[];
}

/** What a scenario can be played with; its inputs are whatever the file has. */
interface Machine {
  handle(now: number, input: unknown): unknown;
  view(): unknown;
  pollTimeout(): number | null;
}

function made({ me, machine }: Scenario): Machine {
  const account = resolve(me) as string;
  if (machine === undefined) return new Handset(account, HANDSET_TIMEOUTS);
  if (machine === "phone") return new Phone(account, HANDSET_TIMEOUTS);
  throw new Error(`no machine is called ${machine}`);
}

/** Puts values in the place of their names, `"$name"`. */
function resolve(value: unknown): unknown {
  if (typeof value === "string" && value.startsWith("$")) {
    const named: Record<string, unknown> = VALUES;
    const name = value.slice(1);
    if (!(name in named)) throw new Error(`values.json has no ${name}`);
    return resolve(named[name]);
  }
  if (Array.isArray(value)) return value.map(resolve);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, resolve(field)]));
  }
  return value;
}
