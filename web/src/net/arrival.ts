// What the page was opened for: a link carries its secret behind the `#`, which browsers send to no server.

/** The secret of an invite, of a password's reset, or nothing. */
export type Arrival = { for: "nothing" } | { for: "invite" | "reset"; secret: string };

const LINK = /^#(invite|reset)=([\w-]{1,128})$/;

export function arrivalOf(hash: string): Arrival {
  const [, what, secret] = LINK.exec(hash) ?? [];
  if (secret === undefined) return { for: "nothing" };
  return { for: what === "invite" ? "invite" : "reset", secret };
}

/** The link that brings somebody here. */
export function linkOf(what: "invite" | "reset", secret: string, origin: string): string {
  return `${origin}/#${what}=${secret}`;
}
