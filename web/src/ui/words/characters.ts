// Characters as the protocol's limits count them.

/** How many Unicode scalar values a text has. */
export function countCharacters(text: string): number {
  let count = 0;
  // A low surrogate belongs to the character before it.
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit < 0xdc00 || unit > 0xdfff) count += 1;
  }
  return count;
}
