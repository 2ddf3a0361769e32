// When this account does not want to be rung. The server decides; this is for showing and choosing it.

import type { QuietHours } from "../protocol/QuietHours";
import type { Settings } from "../protocol/Settings";
import type { Timestamp } from "../protocol/Timestamp";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** The hour of the day at which people are to be rung again after *until tomorrow*. */
const MORNING = 8;

/** The choices of *Do not disturb*, in the order in which they are offered. */
export const DISTURB_CHOICES = ["off", "hour", "tomorrow", "on"] as const;
export type DisturbChoice = (typeof DISTURB_CHOICES)[number];

type DoNotDisturb = Settings["do_not_disturb"];

/** What a choice made now means; the calendar is this device's. */
export function disturbFor(choice: DisturbChoice, now: Timestamp): DoNotDisturb {
  switch (choice) {
    case "off":
      return null;
    case "hour":
      return { until: now + HOUR };
    case "tomorrow":
      return { until: tomorrowMorning(now) };
    case "on":
      return { until: null };
  }
}

/** Which choice is in force. */
export function disturbChoice(disturb: DoNotDisturb, now: Timestamp): DisturbChoice {
  if (disturb === null || !isDoNotDisturbOn(disturb, now)) return "off";
  if (disturb.until === null) return "on";
  return disturb.until === tomorrowMorning(now) ? "tomorrow" : "hour";
}

/** Whether *Do not disturb* is on and its time is not up. */
export function isDoNotDisturbOn(disturb: DoNotDisturb, now: Timestamp): boolean {
  return disturb !== null && (disturb.until === null || now < disturb.until);
}

/** Whether quiet hours hold at a moment, in their own time zone. */
export function isQuiet({ from, to, time_zone }: QuietHours, now: Timestamp): boolean {
  const minute = minuteOfDay(time_zone, now);
  if (minute === null) return false;
  return from < to ? from <= minute && minute < to : from <= minute || minute < to;
}

/** `07:30` for the 450th minute of a day, as fields for times have it. */
export function timeOfMinute(minute: number): string {
  const two = (number: number): string => String(number).padStart(2, "0");
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

/** The minute of the day of `07:30`; nothing where that is no time. */
export function minuteOfTime(time: string): number | null {
  const [, hours, minutes] = /^(\d{2}):(\d{2})/.exec(time) ?? [];
  return hours === undefined || minutes === undefined ? null : Number(hours) * 60 + Number(minutes);
}

/** The time zone that this browser lives in. */
export function browserTimeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** The minute of the day somewhere; nothing where this browser does not know the time zone. */
function minuteOfDay(timeZone: string, at: Timestamp): number | null {
  try {
    const clock = new Intl.DateTimeFormat("en-GB", {
      timeZone,
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
    return minuteOfTime(clock.format(at));
  } catch {
    // The server knows the time zone, or it would not have taken it; this browser is older.
    return null;
  }
}

function tomorrowMorning(now: Timestamp): Timestamp {
  const day = new Date(now);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + 1, MORNING).getTime();
}
