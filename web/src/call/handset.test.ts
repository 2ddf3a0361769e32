import { describe, expect, test } from "vitest";

import VALUES from "../../../crates/call/scenarios/values.json";
import type { HandsetEffect } from "../protocol/HandsetEffect";
import type { HandsetInput } from "../protocol/HandsetInput";
import type { HandsetView } from "../protocol/HandsetView";
import { HANDSET_TIMEOUTS } from "../protocol/timeouts";
import { Handset } from "./handset";

const SCENARIOS = import.meta.glob<Scenario>(
  ["../../../crates/call/scenarios/*.json", "!**/values.json"],
  { eager: true, import: "default" },
);

test("the scenarios are there", () => {
  expect(Object.keys(SCENARIOS).length).toBeGreaterThanOrEqual(20);
});

describe("the handset does what every scenario says", () => {
  for (const [path, scenario] of Object.entries(SCENARIOS)) {
    test(`${path.split("/").at(-1) ?? path}: ${scenario.says}`, () => {
      const handset = new Handset(resolve(scenario.me) as string, HANDSET_TIMEOUTS);
      for (const [i, step] of scenario.steps.entries()) {
        const input = resolve(step.input) as HandsetInput;
        const played = {
          step: i,
          effects: handset.handle(step.at, input),
          view: handset.view(),
          timeout: handset.pollTimeout(),
        };
        expect(played).toEqual({
          step: i,
          effects: resolve(step.effects) as HandsetEffect[],
          view: resolve(step.view) as HandsetView,
          timeout: step.timeout,
        });
      }
    });
  }
});

interface Scenario {
  says: string;
  me: string;
  steps: { at: number; input: unknown; effects: unknown; view: unknown; timeout: number | null }[];
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
