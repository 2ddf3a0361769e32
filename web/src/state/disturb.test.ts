import { expect, test } from "vitest";

import {
  DISTURB_CHOICES,
  disturbChoice,
  disturbFor,
  isDoNotDisturbOn,
  isQuiet,
  minuteOfTime,
  timeOfMinute,
} from "./disturb";

const HOUR = 3_600_000;
const NOW = new Date(2026, 10, 22, 13, 30).getTime();

test("every choice of do not disturb is found again in what it means", () => {
  for (const choice of DISTURB_CHOICES) {
    expect(disturbChoice(disturbFor(choice, NOW), NOW)).toBe(choice);
  }
  // Later on the same day it is still the same choice.
  expect(disturbChoice(disturbFor("tomorrow", NOW), NOW + 3 * HOUR)).toBe("tomorrow");
});

test("until tomorrow means 8 in the morning of the next day, whatever the hour", () => {
  const until = (at: number): Date => new Date(disturbFor("tomorrow", at)?.until ?? 0);
  expect(until(NOW)).toEqual(new Date(2026, 10, 23, 8));
  expect(until(new Date(2026, 11, 31, 23, 59).getTime())).toEqual(new Date(2027, 0, 1, 8));
});

test("do not disturb is off once its time is up", () => {
  const hour = disturbFor("hour", NOW);
  expect(isDoNotDisturbOn(hour, NOW + HOUR - 1)).toBe(true);
  expect(isDoNotDisturbOn(hour, NOW + HOUR)).toBe(false);
  expect(disturbChoice(hour, NOW + HOUR)).toBe("off");
  expect(isDoNotDisturbOn({ until: null }, NOW + 1000 * HOUR)).toBe(true);
  expect(isDoNotDisturbOn(null, NOW)).toBe(false);
});

test("quiet hours hold in their own time zone, also past midnight", () => {
  const at = (time: string): number => Date.parse(`2026-11-22T${time}:00Z`);
  const night = { from: 22 * 60, to: 7 * 60, time_zone: "Europe/Berlin" };
  expect(isQuiet(night, at("20:59"))).toBe(false);
  expect(isQuiet(night, at("21:00"))).toBe(true);
  expect(isQuiet(night, at("05:59"))).toBe(true);
  expect(isQuiet(night, at("06:00"))).toBe(false);
  const noon = { from: 12 * 60, to: 13 * 60, time_zone: "America/New_York" };
  expect(isQuiet(noon, at("17:00"))).toBe(true);
  expect(isQuiet(noon, at("18:00"))).toBe(false);
  expect(isQuiet({ ...noon, time_zone: "Nowhere/Land" }, at("17:00"))).toBe(false);
});

test("times of the day go to fields and back", () => {
  expect([0, 450, 1439].map(timeOfMinute)).toEqual(["00:00", "07:30", "23:59"]);
  expect(["00:00", "07:30", "23:59"].map(minuteOfTime)).toEqual([0, 450, 1439]);
  expect(minuteOfTime("")).toBeNull();
});
