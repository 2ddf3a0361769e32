// Addresses of candidates: which texts are addresses, and which of them can belong to another device.
//
// The rules are those of `protocol::description` on the server. They are checked here again because
// neither the server nor the other client is trusted: a candidate makes this browser send packets.
// Names other than `.local` ones are never accepted, so nothing here ever asks the DNS.

/** Whether a text is an IPv4 or IPv6 literal without zone, or an mDNS name that hides one. */
export function isCandidateAddress(text: string): boolean {
  return parseIp(text) !== null || MDNS_NAME.test(text);
}

/**
 * Whether an address can be that of another device: not loopback, unspecified, multicast,
 * broadcast, link-local or reserved. IPv4 hidden inside IPv6 is judged as IPv4.
 * An mDNS name is resolved by the browser on the local link only, so it passes.
 */
export function leadsElsewhere(address: string): boolean {
  const ip = parseIp(address);
  if (ip === null) return MDNS_NAME.test(address);
  return ip.length === 4 ? v4LeadsElsewhere(ip) : v6LeadsElsewhere(ip);
}

/** Draft-ietf-mmusic-mdns-ice-candidates: one label under `.local`. */
const MDNS_NAME = /^[a-zA-Z0-9-]{1,63}\.local$/;

function v4LeadsElsewhere(octets: readonly number[]): boolean {
  const [a = 0, b = 0] = octets;
  const loopback = a === 127;
  const thisNetwork = a === 0;
  const linkLocal = a === 169 && b === 254;
  const multicastOrReserved = a >= 224;
  return !(loopback || thisNetwork || linkLocal || multicastOrReserved);
}

function v6LeadsElsewhere(segments: readonly number[]): boolean {
  const v4 = embeddedV4(segments);
  if (v4 !== null) return v4LeadsElsewhere(v4);
  const [first = 0] = segments;
  const unspecifiedOrLoopback =
    segments.slice(0, 7).every((s) => s === 0) && (segments[7] ?? 0) <= 1;
  const multicast = (first & 0xff00) === 0xff00;
  const linkLocal = (first & 0xffc0) === 0xfe80;
  return !(unspecifiedOrLoopback || multicast || linkLocal);
}

/** IPv4 in its four IPv6 disguises: mapped, compatible (RFC 4291 §2.5.5), NAT64 (RFC 6052), 6to4 (RFC 3056). */
function embeddedV4(s: readonly number[]): number[] | null {
  const zero = (from: number, to: number) => s.slice(from, to).every((segment) => segment === 0);
  const octets = (high = 0, low = 0) => [high >> 8, high & 0xff, low >> 8, low & 0xff];
  if (zero(0, 5) && s[5] === 0xffff) return octets(s[6], s[7]);
  if (s[0] === 0x64 && s[1] === 0xff9b && zero(2, 6)) return octets(s[6], s[7]);
  // `::` and `::1` are themselves, not 0.0.0.0 and 0.0.0.1 in disguise.
  if (zero(0, 6) && s[6] !== 0) return octets(s[6], s[7]);
  if (s[0] === 0x2002) return octets(s[1], s[2]);
  return null;
}

/** Four octets for IPv4, eight segments for IPv6, nothing for anything else. */
function parseIp(text: string): number[] | null {
  return text.includes(":") ? parseV6(text) : parseV4(text);
}

function parseV4(text: string): number[] | null {
  const parts = text.split(".");
  if (parts.length !== 4) return null;
  // A leading zero would be read as octal by some.
  if (!parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) return null;
  return parts.map(Number);
}

function parseV6(text: string): number[] | null {
  if (text.length > 45) return null;
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [head, tail] = halves.map(parseSegments);
  if (head === null || head === undefined || tail === null) return null;
  if (tail === undefined) return head.length === 8 ? head : null;
  const missing = 8 - head.length - tail.length;
  if (missing < 1) return null;
  return [...head, ...Array<number>(missing).fill(0), ...tail];
}

/** Colon-separated hexadecimal segments, the last two perhaps written as IPv4. */
function parseSegments(text: string, half: number, halves: readonly string[]): number[] | null {
  if (text === "") return [];
  const parts = text.split(":");
  const last = parts.at(-1) ?? "";
  const segments: number[] = [];
  if (last.includes(".")) {
    const v4 = half === halves.length - 1 ? parseV4(last) : null;
    if (v4 === null) return null;
    parts.pop();
    const [a = 0, b = 0, c = 0, d = 0] = v4;
    segments.push((a << 8) | b, (c << 8) | d);
  }
  if (!parts.every((part) => /^[0-9a-fA-F]{1,4}$/.test(part))) return null;
  return [...parts.map((part) => parseInt(part, 16)), ...segments];
}
