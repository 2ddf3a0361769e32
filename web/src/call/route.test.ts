import { expect, test } from "vitest";

import { routeOf } from "./route";

const candidate = (id: string, candidateType: string) => ({
  id,
  type: "candidate",
  candidateType,
});
const pair = { id: "P", type: "candidate-pair", localCandidateId: "L", remoteCandidateId: "R" };
const transport = { id: "T", type: "transport", selectedCandidatePairId: "P" };

test.each([
  ["host", "host", "direct"],
  ["srflx", "prflx", "direct"],
  ["relay", "relay", "relayed"],
  ["relay", "host", "relayed"],
  ["prflx", "relay", "relayed"],
])("a path from %s to %s is %s", (local, remote, route) => {
  const candidates = [candidate("L", local), candidate("R", remote)];
  expect(routeOf([transport, pair, ...candidates])).toBe(route);
  const inFirefox = { ...pair, selected: true };
  expect(routeOf([...candidates, inFirefox])).toBe(route);
});

test("a path that is not chosen yet, or not told whole, is not known", () => {
  expect(routeOf([])).toBeNull();
  expect(routeOf([{ id: "T", type: "transport" }, pair, candidate("L", "relay")])).toBeNull();
  expect(routeOf([{ ...pair, selected: false }, candidate("L", "relay")])).toBeNull();
  expect(routeOf([transport, candidate("L", "relay")])).toBeNull();
  expect(routeOf([transport, pair, candidate("L", "host")])).toBeNull();
});
