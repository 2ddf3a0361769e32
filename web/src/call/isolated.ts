// Names in the middle of English: in titles, notifications, labels and sentences, where no element can hold them apart.
//
// A name that is written from right to left, or that has characters which steer the direction, would otherwise carry the words beside
// it along. It comes between an isolate's first and last character (Unicode UAX #9, FSI and PDI), as <bdi> does for markup, and what
// nobody sees is left out of it. Other names stay as they are: they are spoken, compared and typed.

const FIRST_STRONG_ISOLATE = "\u2068";
const POP_DIRECTIONAL_ISOLATE = "\u2069";

/** Marks, embeddings, overrides and isolates (UAX #9), and what has no width and no meaning in a name. */
const UNSEEN =
  /\u00ad|\u061c|\u180e|\u200b|\u200e|\u200f|[\u202a-\u202e]|\u2060|[\u2066-\u2069]|\ufeff/gu;

/** The blocks that Unicode keeps for writing from right to left (DerivedBidiClass, R and AL). */
const RIGHT_TO_LEFT =
  /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** A name, ready to stand among other words. */
export function isolated(name: string): string {
  const seen = name.replaceAll(UNSEEN, "");
  return seen === name && !RIGHT_TO_LEFT.test(seen)
    ? name
    : `${FIRST_STRONG_ISOLATE}${seen}${POP_DIRECTIONAL_ISOLATE}`;
}
