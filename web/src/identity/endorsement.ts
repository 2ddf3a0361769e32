// One device's word that another one is of the same account: a signature over the account and the new key.
//
// The twin of `crates/identity/src/endorsement.rs`.

import type { DeviceKey } from "../protocol/DeviceKey";
import type { Endorsement } from "../protocol/Endorsement";
import type { UserId } from "../protocol/UserId";
import { fromHex, fromUuid, join, label } from "./hex";
import { isSigned } from "./signature";

/** What the older device signs. */
export function endorsedBytes(account: UserId, key: DeviceKey): Uint8Array<ArrayBuffer> {
  return join([label("ahoy device endorsement 1"), fromUuid(account), fromHex(key)]);
}

/** Whether an endorsement of a key is what it says. A device's word for itself is worth nothing. */
export async function isEndorsed(
  account: UserId,
  key: DeviceKey,
  { by, signature }: Endorsement,
): Promise<boolean> {
  return by !== key && (await isSigned(by, endorsedBytes(account, key), signature));
}
