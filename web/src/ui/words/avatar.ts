// Initials and colours of avatars: the same person has the same ones everywhere and always.

import type { UserId } from "../../protocol/UserId";

/** Colours in `tokens.css`, `--avatar-0` and on. */
export const AVATAR_COLOURS = 8;

/** One or two letters for a name of any language. */
export function initials(name: string): string {
  const words = name.split(/[\s._-]+/u).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const first = words[0];
  if (first === undefined) return firstCharacter(name.trim());
  const last = words.length > 1 ? words.at(-1) : undefined;
  return (letter(first) + (last === undefined ? "" : letter(last))).toLocaleUpperCase();
}

/** Which of the avatar colours an account has. */
export function avatarColour(user: UserId): number {
  // FNV-1a: ids that differ in one digit get colours that do not follow each other.
  let hash = 0x811c9dc5;
  for (let i = 0; i < user.length; i += 1) {
    hash = Math.imul(hash ^ user.charCodeAt(i), 0x01000193) >>> 0;
  }
  return hash % AVATAR_COLOURS;
}

function letter(word: string): string {
  return firstCharacter(word.replace(/^[^\p{L}\p{N}]+/u, ""));
}

/** The first character as a person counts them, so that an emoji or an accent stays whole. */
function firstCharacter(text: string): string {
  for (const { segment } of new Intl.Segmenter().segment(text)) return segment;
  return "";
}
