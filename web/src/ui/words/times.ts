// Points in time in words: the page speaks English, with the clock that the browser's owner reads.

import type { Presence } from "../../protocol/Presence";
import type { Timestamp } from "../../protocol/Timestamp";

const LANGUAGE = "en-GB";
const HOUR12 =
  new Intl.DateTimeFormat(undefined, { hour: "numeric" }).resolvedOptions().hour12 ?? false;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const CLOCK = new Intl.DateTimeFormat(LANGUAGE, {
  hour: HOUR12 ? "numeric" : "2-digit",
  minute: "2-digit",
  hour12: HOUR12,
});
const WEEKDAY = new Intl.DateTimeFormat(LANGUAGE, { weekday: "long" });
const DAY = new Intl.DateTimeFormat(LANGUAGE, { weekday: "long", day: "numeric", month: "long" });
const DATE = new Intl.DateTimeFormat(LANGUAGE, { day: "numeric", month: "long", year: "numeric" });
const SHORT = new Intl.DateTimeFormat(LANGUAGE, { day: "numeric", month: "short" });
const SHORT_DATE = new Intl.DateTimeFormat(LANGUAGE, {
  day: "numeric",
  month: "short",
  year: "numeric",
});

/** `14:05`, or `2:05 pm` where the browser's owner reads it so. */
export function clockTime(at: Timestamp): string {
  return CLOCK.format(at);
}

/** Whole calendar days from one point to another, by this device's calendar. */
export function daysBetween(earlier: Timestamp, later: Timestamp): number {
  return Math.round((startOfDay(later) - startOfDay(earlier)) / (24 * HOUR));
}

/** The separator of a day: `Today`, `Yesterday`, `Monday`, `Monday 3 March`, `3 March 2024`. */
export function dayLabel(at: Timestamp, now: Timestamp): string {
  const days = daysBetween(at, now);
  if (days <= 0) return "Today";
  if (days === 1) return "Yesterday";
  if (days < 7) return WEEKDAY.format(at);
  return isThisYear(at, now) ? DAY.format(at) : DATE.format(at);
}

/** The time in a list: `14:05`, `Yesterday`, `Monday`, `3 Mar`, `3 Mar 2024`. */
export function listTime(at: Timestamp, now: Timestamp): string {
  const days = daysBetween(at, now);
  if (days <= 0) return clockTime(at);
  if (days === 1) return "Yesterday";
  if (days < 7) return WEEKDAY.format(at);
  return isThisYear(at, now) ? SHORT.format(at) : SHORT_DATE.format(at);
}

/** A moment in full: `Today at 14:05`. */
export function moment(at: Timestamp, now: Timestamp): string {
  return `${dayLabel(at, now)} at ${clockTime(at)}`;
}

/** When something is over: `14:05`, `tomorrow at 08:00`, `Wednesday 3 March at 08:00`. */
export function untilWords(at: Timestamp, now: Timestamp): string {
  const days = daysBetween(now, at);
  if (days <= 0) return clockTime(at);
  return `${days === 1 ? "tomorrow" : DAY.format(at)} at ${clockTime(at)}`;
}

/** Whether somebody is there: `Online`, `In a call`, `Last seen 5 min ago`. */
export function presenceWords(presence: Presence | null, now: Timestamp): string {
  switch (presence?.state) {
    case undefined:
      return "";
    case "online":
      return "Online";
    case "in_call":
      return "In a call";
    case "offline":
      return presence.last_seen === null ? "Offline" : `Last seen ${ago(presence.last_seen, now)}`;
  }
}

function ago(at: Timestamp, now: Timestamp): string {
  const age = now - at;
  if (age < MINUTE) return "just now";
  if (age < HOUR) return `${Math.floor(age / MINUTE)} min ago`;
  const days = daysBetween(at, now);
  if (days <= 0) return `today at ${clockTime(at)}`;
  if (days === 1) return `yesterday at ${clockTime(at)}`;
  return `on ${isThisYear(at, now) ? SHORT.format(at) : SHORT_DATE.format(at)}`;
}

function startOfDay(at: Timestamp): number {
  const day = new Date(at);
  // In UTC, so that a day of 23 or 25 hours is still one day.
  return Date.UTC(day.getFullYear(), day.getMonth(), day.getDate());
}

function isThisYear(at: Timestamp, now: Timestamp): boolean {
  return new Date(at).getFullYear() === new Date(now).getFullYear();
}
