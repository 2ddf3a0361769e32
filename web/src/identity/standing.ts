// How a key stands to a person: a function of what this device has kept of that person, and of what older devices say of the key.
//
// The twin of `crates/identity/src/standing.rs`.

import type { DeviceKey } from "../protocol/DeviceKey";
import type { Standing } from "../protocol/Standing";

/** A key that this device has kept of a person. */
export interface Pin {
  readonly key: DeviceKey;
  /** Whether the two people compared codes over it. */
  readonly verified: boolean;
}

/**
 * `endorsedBy` are the keys whose endorsement of `key` holds; one step is followed and no more. It is null where the server has
 * listed the person's keys and this one is not among them: the person signed that device out, and what was kept of it counts no
 * more. What it said of others before goes on counting.
 */
export function standingOf(
  pins: readonly Pin[],
  key: DeviceKey,
  endorsedBy: readonly DeviceKey[] | null,
): Standing {
  const vouching = pins.filter((pin) => endorsedBy && [key, ...endorsedBy].includes(pin.key));
  if (vouching.some(({ verified }) => verified)) return "verified";
  if (vouching.length > 0) return "known";
  return pins.length === 0 ? "first" : "changed";
}

/**
 * Whether *Talk anyway* makes a changed key one that is known from then on. A person whose key was compared once must be
 * compared again: until then every call says that the key changed.
 */
export function isKeptWithoutComparing(pins: readonly Pin[]): boolean {
  return pins.every(({ verified }) => !verified);
}
