import { expect, test } from "vitest";

import { toFault } from "./media";

test.each([
  ["NotAllowedError", "denied"],
  ["SecurityError", "denied"],
  ["NotFoundError", "missing"],
  ["OverconstrainedError", "missing"],
  ["NotReadableError", "busy"],
  ["AbortError", "busy"],
])("%s of getUserMedia is told as %s", (name, fault) => {
  expect(toFault(new DOMException("", name))).toBe(fault);
});

test("whatever else a browser throws is told as a microphone that does not start", () => {
  expect(toFault(new TypeError())).toBe("busy");
  expect(toFault("no error at all")).toBe("busy");
});
