/**
 * The kinds of network that people are in, in the words of RFC 4787, and what follows for a call
 * between two of them: a direct path or the relay.
 *
 * It is a function of the two kinds alone. What the networks of the laboratory really do is proven by
 * probes (`nat/kinds.spec.ts`), what calls really do by calls (`nat/pairs.spec.ts`).
 */

/** Every kind, the least obstructive first. */
export const NAT_KINDS = [
  "none",
  "full-cone",
  "address-restricted",
  "port-restricted",
  "symmetric",
  "udp-blocked",
  "ipv6-only",
  "double",
] as const;

export type NatKind = (typeof NAT_KINDS)[number];

/** What a network does to UDP. */
export interface Traits {
  /** The one version of IP that it has. */
  family: 4 | 6;
  /** Whether any UDP gets through. */
  udp: boolean;
  /** Whether packets from one inner port leave by one outer port, whoever they are for (RFC 4787 §4.1). */
  mapping: "untranslated" | "endpoint-independent" | "endpoint-dependent";
  /** Whose packets come in to a port that something was sent from: anybody's, or theirs that were written to (§5). */
  filtering: "open" | "endpoint-independent" | "address" | "address-and-port";
}

export const TRAITS: Record<NatKind, Traits> = {
  none: { family: 4, udp: true, mapping: "untranslated", filtering: "open" },
  "full-cone": {
    family: 4,
    udp: true,
    mapping: "endpoint-independent",
    filtering: "endpoint-independent",
  },
  "address-restricted": {
    family: 4,
    udp: true,
    mapping: "endpoint-independent",
    filtering: "address",
  },
  "port-restricted": {
    family: 4,
    udp: true,
    mapping: "endpoint-independent",
    filtering: "address-and-port",
  },
  symmetric: {
    family: 4,
    udp: true,
    mapping: "endpoint-dependent",
    filtering: "address-and-port",
  },
  "udp-blocked": {
    family: 4,
    udp: false,
    mapping: "endpoint-dependent",
    filtering: "address-and-port",
  },
  // With the firewall of a home router (RFC 6092), which needs to be opened from inside as well.
  "ipv6-only": { family: 6, udp: true, mapping: "untranslated", filtering: "address-and-port" },
  // A home router behind a carrier's; the stricter of the two decides, and here they are alike.
  double: {
    family: 4,
    udp: true,
    mapping: "endpoint-independent",
    filtering: "address-and-port",
  },
};

/** How a call goes between two networks, and why. */
export interface Way {
  way: "direct" | "relayed";
  because: string;
}

/** The way between two networks; the order does not matter. */
export function wayBetween(one: NatKind, other: NatKind): Way {
  const [a, b] = [TRAITS[one], TRAITS[other]];
  if (!a.udp || !b.udp) return relayed("UDP is blocked, and browsers talk to each other by UDP");
  if (a.family !== b.family) return relayed("one has IPv4 only and the other IPv6 only");
  const unsteady = [a, b].filter(({ mapping }) => mapping === "endpoint-dependent").length;
  if (unsteady === 0) {
    return direct(
      "each can be reached at the address that STUN saw, once it has sent there itself",
    );
  }
  if (unsteady === 2) return relayed("neither can be reached at the address that STUN saw");
  const steady = a.mapping === "endpoint-dependent" ? b : a;
  return steady.filtering === "address-and-port"
    ? relayed("one sends from a port that the other has not written to, and does not let in")
    : direct("one sends from a port that nobody knows, and the other lets it in and answers there");
}

/** Every pair once, in the order of the table. */
export function everyPair(): [NatKind, NatKind][] {
  return NAT_KINDS.flatMap((one, index) =>
    NAT_KINDS.slice(index).map((other): [NatKind, NatKind] => [one, other]),
  );
}

function direct(because: string): Way {
  return { way: "direct", because };
}

function relayed(because: string): Way {
  return { way: "relayed", because };
}
