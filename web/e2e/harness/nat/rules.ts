/**
 * What a router of each kind does, as a set of nftables rules. Pure: text in, text out.
 *
 * Linux by itself keeps the inner port where it can and lets in only answers, which is a
 * port-restricted NAT that looks like none in the port. So the ports are shifted here, each by one
 * bit pattern (a mapping that is the same for every receiver, has no collisions and can be undone for
 * packets from outside), and a set remembers what was written to for the kinds that let more in.
 * Not modelled: how long a mapping lives, hairpinning, and two devices behind one router.
 */
import type { NatKind } from "./kinds";

/** Interfaces of a router, by name: to its people and to the rest of the world. */
export const INNER = "inner";
export const OUTER = "outer";

/** What a router must know to translate. */
export interface Translation {
  /** Its address outside. */
  outside: string;
  /** Who is behind it. */
  inside: string;
  /** Ports outside are those inside with these bits flipped; after a restart others. 1 to {@link SHIFT_MAX}. */
  shift: number;
}

/** Ports that systems give out begin at 32768, and so do those with any of these bits flipped. */
export const SHIFT_MAX = 0x0fff;

/** Remembers for each packet that leaves what it opens, and lets in what that opens. */
const OPENINGS: Partial<Record<NatKind, { of: string; key: string; opener: string }>> = {
  "full-cone": { of: "inet_service", key: "udp dport", opener: "udp sport" },
  "address-restricted": {
    of: "ipv4_addr . inet_service",
    key: "ip saddr . udp dport",
    opener: "ip daddr . udp sport",
  },
};

/** The rules of a router, as `nft -f` reads them: they replace those that were there. */
export function rulesOf(kind: NatKind, translation: Translation): string {
  const tables = kind === "none" ? "" : firewall(kind) + translating(kind, translation);
  return `flush ruleset\n${tables}`;
}

/** Which packets pass. By then those from outside have their inner address already. */
function firewall(kind: NatKind): string {
  const opening = OPENINGS[kind];
  return `
table inet firewall {
  ${opening ? `set opened { type ${opening.of}; flags dynamic,timeout; timeout 2m; size 65535; }` : ""}
  chain forward {
    type filter hook forward priority filter; policy drop;
    ${kind === "udp-blocked" ? "meta l4proto udp drop" : ""}
    ${opening ? `iifname ${INNER} update @opened { ${opening.opener} }` : ""}
    ct state established,related accept
    iifname ${INNER} accept
    ${opening ? `iifname ${OUTER} ${opening.key} @opened accept` : ""}
  }
  chain input {
    type filter hook input priority filter;
    comment "Nobody is told that there is nobody";
    iifname ${OUTER} meta l4proto { tcp, udp } drop
  }
}`;
}

function translating(kind: NatKind, { outside, inside, shift }: Translation): string {
  if (kind === "ipv6-only") return "";
  const isSymmetric = kind === "symmetric" || kind === "udp-blocked";
  const udp = isSymmetric
    ? `meta l4proto udp snat ip to ${outside} fully-random`
    : `udp sport >= 1024 snat ip to ${outside} : udp sport ^ ${shift}`;
  const back = OPENINGS[kind]
    ? `iifname ${OUTER} ip daddr ${outside} udp dport >= 1024 dnat ip to ${inside} : udp dport ^ ${shift}`
    : "";
  return `
table inet translation {
  chain leaving {
    type nat hook postrouting priority srcnat;
    oifname ${OUTER} ${udp}
    oifname ${OUTER} meta l4proto { tcp, icmp } snat ip to ${outside}
  }
  chain arriving {
    type nat hook prerouting priority dstnat;
    ${back}
  }
}`;
}
