// How this browser names itself, and which device of an account it is.

import type { DeviceClaim } from "../protocol/DeviceClaim";
import type { DeviceId } from "../protocol/DeviceId";

const PREFIX = "ahoy.device.";
const BROWSERS: [RegExp, string][] = [
  [/\bEdgA?\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\bFirefox\/|\bFxiOS\//, "Firefox"],
  [/\b(Headless)?Chrome\/|\bCriOS\//, "Chrome"],
  [/\bSafari\//, "Safari"],
];
const SYSTEMS: [RegExp, string][] = [
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b/, "Mac"],
  [/\bCrOS\b/, "Chromebook"],
  [/\bLinux\b/, "Linux"],
];

/** What the owner will see in the list of sessions, such as "Firefox on Linux". */
export function deviceName(userAgent: string): string {
  const browser = BROWSERS.find(([pattern]) => pattern.test(userAgent))?.[1] ?? "Browser";
  const system = SYSTEMS.find(([pattern]) => pattern.test(userAgent))?.[1];
  return system === undefined ? browser : `${browser} on ${system}`;
}

/** The claim with which a username, or the id of an account, signs in from here: the same device as the last time. */
export function deviceClaim(storage: Storage, account: string, userAgent: string): DeviceClaim {
  const id = storage.getItem(key(account));
  return {
    name: deviceName(userAgent),
    refresh_by: "cookie",
    ...(id !== null && { id }),
  };
}

/** Keeps the device's id for the next sign-in by this username or account id. It is no secret. */
export function rememberDevice(storage: Storage, account: string, id: DeviceId): void {
  storage.setItem(key(account), id);
}

/** Whether anybody ever signed in from here, so that there may be a session to take up. */
export function wasSignedIn(storage: Storage): boolean {
  return Object.keys(storage).some((name) => name.startsWith(PREFIX));
}

function key(account: string): string {
  return `${PREFIX}${account.trim().toLowerCase()}`;
}
