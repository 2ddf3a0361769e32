import { expect, test } from "vitest";

import { uuidv7 } from "./uuid";

test("an id carries its time, version 7 and the RFC's variant", () => {
  const id = uuidv7(0x0123_4567_89ab);
  expect(id).toMatch(/^01234567-89ab-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("ids of one millisecond differ", () => {
  expect(uuidv7(1)).not.toBe(uuidv7(1));
});
