// Probes for the gallery that find what the address wishes: `gallery.html?connection=closed-udp`.

import type { Probes } from "../src/doctor/checkup";
import type { PortFinding } from "../src/doctor/findings";
import type { RelayAccess } from "../src/protocol/RelayAccess";

const ACCESS: RelayAccess = {
  policy: "relay_only",
  servers: [
    { transport: "udp", port: 3478 },
    { transport: "tcp", port: 3478 },
    { transport: "tls", port: 443 },
  ],
  username: "pretend",
  password: "pretend",
  expires_in: 120_000,
};
const ANSWERED: PortFinding = { is: "answered", milliseconds: 34, address: "192.0.0.8" };

const WELL: Probes = {
  page: () => ({ secure: true, webrtc: true }),
  microphone: () => Promise.resolve({ is: "open", name: "Headset", peak: 0.4 }),
  speaker: () => Promise.resolve({ is: "played" }),
  server: () => Promise.resolve({ is: "answered", milliseconds: 21, clockAhead: 300 }),
  socket: () =>
    Promise.resolve({ is: "open", milliseconds: 23, relay: { is: "on", access: ACCESS } }),
  stun: () => Promise.resolve({ is: "answered", milliseconds: 20, address: "198.51.100.7" }),
  way: () => Promise.resolve(ANSWERED),
  sound: () => Promise.resolve({ is: "heard", roundTrip: 68, lost: 0 }),
};

const OTHERS: Record<string, Partial<Probes>> = {
  "closed-udp": {
    stun: () => Promise.resolve({ is: "silent" }),
    way: ({ transport }) => Promise.resolve(transport === "udp" ? { is: "silent" } : ANSWERED),
  },
  faults: {
    microphone: () => Promise.resolve({ is: "fault", fault: "denied" }),
    server: () => Promise.resolve({ is: "answered", milliseconds: 21, clockAhead: -4_000_000 }),
    stun: () => Promise.resolve({ is: "silent" }),
    way: () => Promise.resolve({ is: "silent" }),
  },
  "relay-off": {
    socket: () => Promise.resolve({ is: "open", milliseconds: 23, relay: { is: "off" } }),
  },
  testing: {
    microphone: (listening) => {
      listening(0.3);
      return new Promise(() => undefined);
    },
    way: () => new Promise(() => undefined),
  },
};

/** The probes of a name; everything is well for any other. */
export function pretendProbes(name: string | null): Probes {
  return { ...WELL, ...OTHERS[name ?? ""] };
}
