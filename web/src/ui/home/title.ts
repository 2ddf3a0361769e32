// The title of the page, which is all that is seen of a tab in the background.

/** `(3) Ahoy`, or who calls. */
export function pageTitle(unread: number, caller: string | null): string {
  if (caller !== null) return `📞 ${caller} is calling`;
  return unread > 0 ? `(${unread > 99 ? "99+" : unread}) Ahoy` : "Ahoy";
}
