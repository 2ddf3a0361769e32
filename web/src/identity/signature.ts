// Ed25519 in the browser: signing with a key that never leaves it, and checking what others signed (RFC 8032).

import type { DeviceKey } from "../protocol/DeviceKey";
import type { Signature } from "../protocol/Signature";
import { fromHex, toHex } from "./hex";
import { isDeviceKey, isSignature } from "./listing";

const ALGORITHM = "Ed25519";

/** A device's key pair. The private half can be used and not read. */
export interface KeyPair {
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
}

/** Makes a key pair whose private half no script can read. */
export async function makeKeyPair(): Promise<KeyPair> {
  return await crypto.subtle.generateKey(ALGORITHM, false, ["sign", "verify"]);
}

/** The public half, as it is told. */
export async function toDeviceKey({ publicKey }: KeyPair): Promise<DeviceKey> {
  return toHex(await crypto.subtle.exportKey("raw", publicKey));
}

export async function sign(
  { privateKey }: KeyPair,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Signature> {
  return toHex(await crypto.subtle.sign(ALGORITHM, privateKey, bytes));
}

/** Whether a key signed bytes. What is no key signed nothing, and what is no signature is none. */
export async function isSigned(
  key: DeviceKey,
  bytes: Uint8Array<ArrayBuffer>,
  signature: Signature,
): Promise<boolean> {
  if (!isDeviceKey(key) || !isSignature(signature)) return false;
  try {
    const raw = fromHex(key);
    const publicKey = await crypto.subtle.importKey("raw", raw, ALGORITHM, true, ["verify"]);
    return await crypto.subtle.verify(ALGORITHM, publicKey, fromHex(signature), bytes);
  } catch (error) {
    if (error instanceof DOMException) return false;
    throw error;
  }
}
