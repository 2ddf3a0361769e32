// A list of somebody's devices as the server sent it, read strictly: what does not have the form of a device is none.
//
// Nothing in here says that a list is true. It keeps what cannot be a key or a signature away from everything that judges them.

import type { DeviceKey } from "../protocol/DeviceKey";
import type { Endorsement } from "../protocol/Endorsement";
import type { ListedDevice } from "../protocol/ListedDevice";
import type { Signature } from "../protocol/Signature";

/** The devices that can be read; the others are left out, and what was kept of their keys counts no more. */
export function readDevices(list: unknown): ListedDevice[] {
  return items(list).filter(isDevice);
}

export function isDeviceKey(value: unknown): value is DeviceKey {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

export function isSignature(value: unknown): value is Signature {
  return typeof value === "string" && /^[0-9a-f]{128}$/.test(value);
}

function isDevice(value: unknown): value is ListedDevice {
  if (!isObject(value) || !isDeviceKey(value["key"]) || !isOwn(value["own"])) return false;
  return Array.isArray(value["endorsements"]) && value["endorsements"].every(isEndorsement);
}

function isEndorsement(value: unknown): value is Endorsement {
  return isObject(value) && isDeviceKey(value["by"]) && isSignature(value["signature"]);
}

/** What only the account itself is told of a device, or nothing. */
function isOwn(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return (
    isObject(value) && typeof value["name"] === "string" && typeof value["session"] === "string"
  );
}

function items(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
