// The title of the page, which is all that is seen of a tab in the background.

import { isolated } from "../../call/isolated";

export interface TitleOf {
  /** Unread messages and missed calls. */
  unread: number;
  /** Missed calls that were not seen yet. */
  missed: number;
  /** Who is calling. */
  caller: string | null;
}

/** `(3) Ahoy`, what was missed, or who calls. */
export function pageTitle({ unread, missed, caller }: TitleOf): string {
  if (caller !== null) return `📞 ${isolated(caller)} is calling`;
  const count = unread > 0 ? `(${unread > 99 ? "99+" : unread}) ` : "";
  if (missed > 0)
    return `${count}${missed === 1 ? "1 missed call" : `${missed} missed calls`} · Ahoy`;
  return `${count}Ahoy`;
}
