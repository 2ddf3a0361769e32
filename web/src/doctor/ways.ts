// From findings to verdicts for the ways that sound takes: STUN, the relay by each transport, and a tone through it.
// Pure, like `judgement.ts`.

import { leadsElsewhere } from "../call/address";
import type { RelayServer } from "../protocol/RelayServer";
import type { RelayTransport } from "../protocol/RelayTransport";
import type { Place, PortFinding, RelayOffer, SoundFinding, Way } from "./findings";
import { type Check, fault, ok, skipped, type Verdict, warning } from "./verdict";

/** A share of lost packets from which speech suffers. */
export const LOSS_TOLERANCE = 0.05;
/** A way there and back from which people begin to interrupt each other, in milliseconds (ITU-T G.114, both ways). */
export const ROUND_TRIP_TOLERANCE_MS = 400;

const CHECK_OF: Record<RelayTransport, Check> = {
  udp: "relay_udp",
  tcp: "relay_tcp",
  tls: "relay_tls",
};

/** The check that a way to the relay is. */
export function checkOf({ transport }: RelayServer): Check {
  return CHECK_OF[transport];
}

export function judgeStun(finding: PortFinding | null, place: Place): Verdict {
  const { host, stunPort } = place;
  if (stunPort === null || finding === null) {
    return warning(
      "The server has no STUN",
      `Devices cannot learn their address, so calls between two networks need the relay. Whoever runs ${host} can switch it on.`,
    );
  }
  if (finding.is === "silent" && isThisDevice(host)) return ON_THIS_DEVICE;
  if (finding.is === "answered") {
    return ok(
      finding.address === null
        ? `UDP ${stunPort} answers`
        : `UDP ${stunPort} answers: from outside you are ${finding.address}`,
    );
  }
  return warning(
    `UDP ${stunPort} of ${host} does not answer`,
    `Without it devices cannot learn their address, and calls need the relay. ${whoToAsk(`UDP ${stunPort}`, host)}`,
  );
}

/** All ways together: one that is closed matters less where another is open. */
export function judgeWays(ways: readonly Way[], place: Place): Map<Check, Verdict> {
  const isOpen = ({ finding }: Way): boolean => finding.is === "answered";
  const others = (way: Way): Way[] => ways.filter((other) => other !== way && isOpen(other));
  return new Map(ways.map((way) => [checkOf(way.server), judgeWay(way, others(way), place)]));
}

function judgeWay({ server, finding }: Way, openOthers: readonly Way[], place: Place): Verdict {
  const { host } = place;
  const port = portWords(server);
  switch (finding.is) {
    case "answered":
      return (
        judgeAddress(finding.address, port, host) ??
        ok(`The relay answers at ${port} in ${finding.milliseconds} ms`)
      );
    case "refused":
      return refused(finding.code, port, host);
    case "silent": {
      if (server.transport === "udp" && isThisDevice(host)) return ON_THIS_DEVICE;
      const title = `${port} of ${host} does not answer`;
      const [other] = openOthers;
      if (other === undefined) {
        return fault(
          title,
          `Calls need a direct path then, which many networks do not have. ${whoToAsk(port, host)}`,
        );
      }
      return warning(title, `${meanwhile(server, other)} ${whoToAsk(port, host)}`);
    }
  }
}

/** The address that the relay gives out for this device; nothing where others may well reach it. */
function judgeAddress(address: string | null, port: string, host: string): Verdict | null {
  // Whoever tests on the server itself reaches it by addresses that nobody else does.
  if (address === null || address === host || host === "localhost") return null;
  const title = `The relay at ${port} gives out the address ${address}`;
  const remedy = `Whoever runs ${host} must set relay.external_addresses to the server’s public address.`;
  if (!leadsElsewhere(address)) return fault(title, `It leads nowhere. ${remedy}`);
  if (!PRIVATE_ADDRESS.test(address)) return null;
  return isLiteral(host)
    ? fault(title, `The server is at ${host}, so nobody reaches you there. ${remedy}`)
    : warning(title, `Only devices in the server’s own network reach it. ${remedy}`);
}

/** Chromium sends UDP from the addresses of its networks, and none of that arrives at its own device. */
const ON_THIS_DEVICE = skipped("Not tested: the server is on this device");

function isThisDevice(host: string): boolean {
  return host === "localhost" || host === "[::1]" || host.startsWith("127.");
}

/** RFC 1918 and RFC 4193. */
const PRIVATE_ADDRESS = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|f[cd][0-9a-f]{2}:)/i;

/** Whether the address bar has an address in it and no name. */
function isLiteral(host: string): boolean {
  return /^[\d.]+$|^\[/.test(host);
}

/** What one loses when this way is closed and another is open. */
function meanwhile({ transport }: RelayServer, other: Way): string {
  const instead = portWords(other.server);
  return transport === "udp"
    ? `Calls go by ${instead} instead, and stutter more when the network is busy.`
    : `Networks that let nothing else through cannot call; others use ${instead}.`;
}

function refused(code: number, port: string, host: string): Verdict {
  switch (code) {
    case 401:
    case 438:
    case 441:
      return fault(
        `The relay at ${port} does not take the access that the server gave`,
        `Test again. If it stays so, something else than Ahoy answers at ${port}, or whoever runs ${host} must restart it.`,
      );
    case 486:
    case 508:
      return fault(
        `The relay at ${port} is full`,
        "Too many calls go through it. Test again later, or tell whoever runs the server.",
      );
    default:
      return fault(
        `The relay at ${port} answers with error ${code}`,
        `Tell whoever runs ${host}, with this number.`,
      );
  }
}

/** The relay as a whole; nothing was heard of it where the socket is down. */
export function judgeOffer(offer: RelayOffer | null, { relay, host }: Place): Verdict {
  if (offer === null) return skipped("Not tested: the socket is down");
  switch (offer.is) {
    case "refused":
      return skipped("Not tested now", offer.message);
    case "off":
      return warning(
        "The relay is switched off",
        `Calls work only where the two networks let a direct path through. Whoever runs ${host} can switch it on: relay.mode.`,
      );
    case "on":
      if (offer.access.servers.length === 0) {
        return fault(
          "The server names no way to its relay",
          `Tell whoever runs ${host}: ahoy doctor there says why.`,
        );
      }
      return ok(
        relay === "always"
          ? "All calls go through the relay, so that nobody learns your address"
          : "The relay is there for networks without a direct path",
      );
  }
}

export function judgeSound(finding: SoundFinding | null): Verdict {
  if (finding === null) return skipped("Not tested: no way to the relay is open");
  switch (finding.is) {
    case "no_path":
      return fault(
        "The relay is reached, but nothing goes through it",
        "Tell whoever runs the server: ahoy doctor there says where packets are lost.",
      );
    case "not_heard":
      return fault(
        "A path through the relay stands, but no sound came back",
        "Test again. If it stays so, try another browser, and tell whoever runs the server.",
      );
    case "held_back":
      return skipped(
        "A path through the relay stands",
        "No tone was sent over it, because the browser holds sound back. Is there a loudspeaker?",
      );
    case "heard": {
      const { lost, roundTrip } = finding;
      const time = roundTrip === null ? "" : ` in ${roundTrip} ms`;
      if (lost > LOSS_TOLERANCE) {
        return warning(
          `Sound came back${time}, but ${Math.round(lost * 100)} of 100 packets were lost`,
          "Speech will stutter. Go nearer to the Wi-Fi, or use a cable or another network.",
        );
      }
      if (roundTrip !== null && roundTrip > ROUND_TRIP_TOLERANCE_MS) {
        return warning(
          `Sound came back late${time}`,
          "You will interrupt each other. Another network, or a server that is nearer, helps.",
        );
      }
      return ok(`A tone went through the relay and came back${time}`);
    }
  }
}

/** The way in words: `UDP 3478`, `TLS on TCP 443`. */
function portWords({ transport, port }: RelayServer): string {
  switch (transport) {
    case "udp":
      return `UDP ${port}`;
    case "tcp":
      return `TCP ${port}`;
    case "tls":
      return `TLS on TCP ${port}`;
  }
}

/** A page cannot tell which side closed a port. */
function whoToAsk(port: string, host: string): string {
  return `If another network, such as a phone’s, shows the same, whoever runs ${host} must open and forward ${port}: ahoy doctor there says to where. Else the network here blocks it.`;
}
