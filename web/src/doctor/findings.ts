// What *Test my connection* tests, and what can be found: the words between the probes, which do the testing, and the
// judgement, which says what it means.

import type { MicrophoneFault } from "../protocol/MicrophoneFault";
import type { RelayAccess } from "../protocol/RelayAccess";
import type { RelayMode } from "../protocol/RelayMode";
import type { RelayServer } from "../protocol/RelayServer";

/** Whether this page may make calls at all. */
export interface PageFinding {
  /** HTTPS or localhost; without it browsers give no microphone. */
  secure: boolean;
  /** The browser has `RTCPeerConnection`. */
  webrtc: boolean;
}

export type MicrophoneFinding =
  /** It opened; `peak` is the loudest sample while it was listened to, from 0 to 1; nothing where the browser holds sound back. */
  { is: "open"; name: string; peak: number | null } | { is: "fault"; fault: MicrophoneFault };

export type SpeakerFinding =
  /** The browser played a tone; only the person knows whether it was heard. */
  | { is: "played" }
  /** The browser holds sound back. */
  | { is: "held_back" };

export type ServerFinding =
  /** `clockAhead`: milliseconds by which the server's clock is ahead of this device's; nothing where it did not say. */
  | { is: "answered"; milliseconds: number; clockAhead: number | null }
  /** It answered with an error (HTTP status). */
  | { is: "error"; status: number }
  | { is: "silent" };

/** The socket, and what the server says of its relay when it is asked over it. */
export type SocketFinding =
  | { is: "open"; milliseconds: number; relay: RelayOffer }
  /** The line is down, or no answer came. */
  | { is: "down" };

/** What may be tested of the relay. */
export type RelayOffer =
  | { is: "on"; access: RelayAccess }
  | { is: "off" }
  /** The server does not let it be tested now; its own words. */
  | { is: "refused"; message: string };

/** What came back from one port. */
export type PortFinding =
  /** `address`: how this device looks from outside (STUN), or where others reach it (relay); nothing where untold. */
  | { is: "answered"; milliseconds: number; address: string | null }
  /** It answered with an error (RFC 8489 §14.8, RFC 8656 §19). */
  | { is: "refused"; code: number }
  | { is: "silent" };

/** One way to the relay, tested alone. */
export interface Way {
  server: RelayServer;
  finding: PortFinding;
}

export type SoundFinding =
  /** A tone went out over the relay and came back. `lost`: share of its packets, 0 to 1; `roundTrip` in milliseconds. */
  | { is: "heard"; roundTrip: number | null; lost: number }
  /** A path stood, and no tone came back. */
  | { is: "not_heard" }
  /** A path stood, and the browser holds sound back, so no tone was sent. Firefox does so where there is no loudspeaker. */
  | { is: "held_back" }
  /** No path came about. */
  | { is: "no_path" };

/** What everything else is judged by. */
export interface Place {
  /** The server's name as the address bar has it. */
  host: string;
  /** The port of STUN; nothing where the server has none. */
  stunPort: number | null;
  /** When the host lets sound through the relay. */
  relay: RelayMode;
}
