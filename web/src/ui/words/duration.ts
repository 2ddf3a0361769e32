// Lengths of time in words and digits.

import type { Milliseconds } from "../../protocol/Milliseconds";

/** A running time: `00:07`, `12:34`, `1:02:03`. */
export function runningTime(milliseconds: Milliseconds): string {
  const { hours, minutes, seconds } = parts(milliseconds);
  const rest = `${two(minutes)}:${two(seconds)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

/** How long something took: `7 s`, `12 min 34 s`, `1 h 2 min`. */
export function spokenDuration(milliseconds: Milliseconds): string {
  const { hours, minutes, seconds } = parts(milliseconds);
  if (hours > 0) return minutes > 0 ? `${hours} h ${minutes} min` : `${hours} h`;
  if (minutes > 0) return seconds > 0 ? `${minutes} min ${seconds} s` : `${minutes} min`;
  return `${seconds} s`;
}

/** A running time for machines: `PT1H2M3S`. */
export function isoDuration(milliseconds: Milliseconds): string {
  const { hours, minutes, seconds } = parts(milliseconds);
  return `PT${hours}H${minutes}M${seconds}S`;
}

function parts(milliseconds: Milliseconds): { hours: number; minutes: number; seconds: number } {
  const total = Math.max(Math.floor(milliseconds / 1_000), 0);
  return {
    hours: Math.floor(total / 3_600),
    minutes: Math.floor(total / 60) % 60,
    seconds: total % 60,
  };
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
