// Bytes as the wire writes them, and back. What is read was checked before (`call/descriptionRules.ts`).

/** The bytes of a text that has two characters of 0–9 a–f for each. */
export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

export function toHex(bytes: Uint8Array | ArrayBuffer): string {
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The 16 bytes of a UUID. */
export function fromUuid(id: string): Uint8Array<ArrayBuffer> {
  return fromHex(id.replaceAll("-", ""));
}

/** One array out of many; numbers are single bytes. */
export function join(parts: readonly (Uint8Array | number)[]): Uint8Array<ArrayBuffer> {
  const bytes = parts.flatMap((part) => (typeof part === "number" ? [part] : [...part]));
  return new Uint8Array(bytes);
}

/** The ASCII bytes of a label and the zero that ends it. */
export function label(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}
