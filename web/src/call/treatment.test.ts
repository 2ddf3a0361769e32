import { expect, test } from "vitest";

import { isTreated, loadTreatment, saveTreatment } from "./treatment";

const ALL_ON = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

test("what was chosen is there after a reload", () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
  expect(loadTreatment(storage)).toEqual(ALL_ON);
  saveTreatment(storage, { ...ALL_ON, autoGainControl: false });
  expect(loadTreatment(storage)).toEqual({ ...ALL_ON, autoGainControl: false });
});

test.each(["", "{", "null", "[]", '"on"', '{"echoCancellation":"no"}'])(
  "what is kept as %j counts as not chosen",
  (text) => {
    expect(loadTreatment({ getItem: () => text })).toEqual(ALL_ON);
  },
);

test("a capture is treated as wanted unless the browser says otherwise", () => {
  expect(isTreated({}, ALL_ON)).toBe(true);
  expect(isTreated({ ...ALL_ON }, ALL_ON)).toBe(true);
  expect(isTreated({ ...ALL_ON, noiseSuppression: false }, ALL_ON)).toBe(false);
  expect(isTreated({ ...ALL_ON }, { ...ALL_ON, echoCancellation: false })).toBe(false);
});
