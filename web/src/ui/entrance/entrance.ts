// What the server says about a form, sorted to where it is shown.

import { RequestFailed } from "../../net/http";
import { spokenDuration } from "../words/duration";

export const FIELDS = ["username", "display_name", "password"] as const;
export type Field = (typeof FIELDS)[number];

/** What is wrong with a form: beside a field, or above the button. */
export interface Trouble {
  fields: Partial<Record<Field, string>>;
  form: string | null;
}

export const NO_TROUBLE: Trouble = { fields: {}, form: null };

export function troubleOf(error: unknown): Trouble {
  if (!(error instanceof RequestFailed)) {
    return { fields: {}, form: error instanceof Error ? error.message : "Something went wrong." };
  }
  if (error.code === "username_taken") {
    return { fields: { username: sentence(error.message) }, form: null };
  }
  const field = FIELDS.find((name) => name === error.field);
  if (field !== undefined) return { fields: { [field]: sentence(error.message) }, form: null };
  const wait =
    error.retryAfter === null ? "" : ` Try again in ${spokenDuration(error.retryAfter + 999)}.`;
  return { fields: {}, form: sentence(error.message) + wait };
}

function sentence(words: string): string {
  const text = words.charAt(0).toLocaleUpperCase() + words.slice(1);
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
