// Connections that *Test my connection* makes for itself, without another person: one to learn what a STUN or TURN
// server answers, and two that send each other a tone through the relay. Each is closed before its finding is told.
//
// What is said about a real call's connection is in `call/connection.ts`.

import type { RelayAccess } from "../protocol/RelayAccess";
import type { RelayServer } from "../protocol/RelayServer";
import type { PortFinding, SoundFinding } from "./findings";
import { aborted, pause } from "./pause";
import { Tone } from "./tone";

/** A port that has not answered after so many milliseconds is silent; browsers themselves go on for longer. */
const PORT_PATIENCE_MS = 8_000;
/** From a tone's way out to its way back, in milliseconds. */
const SOUND_PATIENCE_MS = 8_000;
/** Packets are counted for so long once the tone is heard, in milliseconds: a hundred of them. */
const COUNTED_MS = 2_000;
const LOOK_MS = 100;
/** From this loudness on a tone is heard, 0 to 1; what arrives of none is silent. */
const HEARD_LOUDNESS = 0.02;
/** What browsers say where nothing answered (webrtc `RTCPeerConnectionIceErrorEvent`); all else came from the server. */
const NO_ANSWER = 701;

/** The way to a relay as a browser wants it. */
export function iceServerOf(
  { transport, port }: RelayServer,
  { username, password }: RelayAccess,
  host: string,
): RTCIceServer {
  const scheme = transport === "tls" ? "turns" : "turn";
  const over = transport === "udp" ? "udp" : "tcp";
  return { urls: `${scheme}:${host}:${port}?transport=${over}`, username, credential: password };
}

/** Asks a STUN server for this device's address. */
export function askStun(host: string, port: number, signal: AbortSignal): Promise<PortFinding> {
  const iceServers = [{ urls: `stun:${host}:${port}` }];
  return gather({ iceServers }, "srflx", signal);
}

/** Asks a relay for an address, by one way alone. */
export function askRelay(
  server: RelayServer,
  access: RelayAccess,
  host: string,
  signal: AbortSignal,
): Promise<PortFinding> {
  const iceServers = [iceServerOf(server, access, host)];
  return gather({ iceServers, iceTransportPolicy: "relay" }, "relay", signal);
}

async function gather(
  configuration: RTCConfiguration,
  wanted: RTCIceCandidateType,
  signal: AbortSignal,
): Promise<PortFinding> {
  const patience = new AbortController();
  const peer = new RTCPeerConnection(configuration);
  try {
    const answer = answerOf(peer, wanted);
    peer.createDataChannel("");
    await peer.setLocalDescription();
    const silence = pause(PORT_PATIENCE_MS, patience.signal).catch(() => undefined);
    const gaveUp = aborted(signal);
    return (await Promise.race([answer, gaveUp, silence])) ?? { is: "silent" };
  } finally {
    patience.abort();
    peer.close();
  }
}

/** What the first candidate of that type, or the end of the search, says. */
function answerOf(peer: RTCPeerConnection, wanted: RTCIceCandidateType): Promise<PortFinding> {
  const began = performance.now();
  const milliseconds = (): number => Math.round(performance.now() - began);
  let failed: PortFinding | null = null;
  peer.addEventListener("icecandidateerror", ({ errorCode }) => {
    // One for each network of this device: what a server said counts for more than a network without a way to it.
    if (errorCode !== NO_ANSWER) failed = { is: "refused", code: errorCode };
    else failed ??= { is: "silent" };
  });
  return new Promise((resolve) => {
    peer.addEventListener("icecandidate", ({ candidate }) => {
      if (candidate?.type === wanted) {
        resolve({ is: "answered", milliseconds: milliseconds(), address: candidate.address });
      }
    });
    peer.addEventListener("icegatheringstatechange", () => {
      if (peer.iceGatheringState !== "complete") return;
      // Browsers leave an address out that they told already, so no candidate and no error is an answer of STUN.
      const untold: PortFinding = { is: "answered", milliseconds: milliseconds(), address: null };
      resolve(failed ?? (wanted === "srflx" ? untold : { is: "silent" }));
    });
  });
}

/** Sends a tone from one connection to another through the relay, by one way alone. */
export async function sendTone(
  server: RelayServer,
  access: RelayAccess,
  host: string,
  signal: AbortSignal,
): Promise<SoundFinding> {
  const configuration: RTCConfiguration = {
    iceServers: [iceServerOf(server, access, host)],
    iceTransportPolicy: "relay",
  };
  const sender = new RTCPeerConnection(configuration);
  const receiver = new RTCPeerConnection(configuration);
  const tone = new Tone();
  // Chromium hands sound that arrives to an audio graph only while an element plays it, if muted.
  const player = new Audio();
  player.muted = true;
  let loudness = (): number => 0;
  try {
    exchangeCandidates(sender, receiver);
    receiver.addEventListener("track", ({ track }) => {
      const stream = new MediaStream([track]);
      player.srcObject = stream;
      player.play().catch(() => undefined);
      loudness = tone.hear(stream);
    });
    sender.addTrack(tone.track);
    await connect(sender, receiver);
    return await listen({ sender, receiver, tone, loudness: () => loudness() }, signal);
  } finally {
    player.srcObject = null;
    tone.close();
    sender.close();
    receiver.close();
  }
}

/** Candidates wait until the other one knows whose they are. */
function exchangeCandidates(one: RTCPeerConnection, other: RTCPeerConnection): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    const early: RTCIceCandidate[] = [];
    const add = (candidate: RTCIceCandidate): void => {
      // After the end the connections are closed and take none.
      to.addIceCandidate(candidate).catch(() => undefined);
    };
    from.addEventListener("icecandidate", ({ candidate }) => {
      if (!candidate) return;
      if (to.remoteDescription) add(candidate);
      else early.push(candidate);
    });
    to.addEventListener("signalingstatechange", () => {
      if (to.remoteDescription) for (const candidate of early.splice(0)) add(candidate);
    });
  }
}

async function connect(sender: RTCPeerConnection, receiver: RTCPeerConnection): Promise<void> {
  await sender.setLocalDescription();
  await receiver.setRemoteDescription(sender.localDescription ?? { type: "offer", sdp: "" });
  await receiver.setLocalDescription();
  await sender.setRemoteDescription(receiver.localDescription ?? { type: "answer", sdp: "" });
}

async function listen(
  { sender, receiver, tone, loudness }: Listening,
  signal: AbortSignal,
): Promise<SoundFinding> {
  const until = performance.now() + SOUND_PATIENCE_MS;
  while (loudness() < HEARD_LOUDNESS) {
    if (performance.now() > until) {
      if (receiver.connectionState !== "connected") return { is: "no_path" };
      return { is: tone.isSounding ? "not_heard" : "held_back" };
    }
    await pause(LOOK_MS, signal);
  }
  await pause(COUNTED_MS, signal);
  const { received, lost } = await inbound(receiver);
  return {
    is: "heard",
    roundTrip: await roundTrip(sender),
    lost: lost / Math.max(received + lost, 1),
  };
}

interface Listening {
  sender: RTCPeerConnection;
  receiver: RTCPeerConnection;
  tone: Tone;
  loudness: () => number;
}

async function inbound(peer: RTCPeerConnection): Promise<{ received: number; lost: number }> {
  for (const report of (await peer.getStats()).values() as Iterable<InboundStats>) {
    if (report.type !== "inbound-rtp") continue;
    const { packetsReceived = 0, packetsLost = 0 } = report;
    // A packet that comes twice makes the number of lost ones negative (RFC 3550 §6.4.1).
    return { received: packetsReceived, lost: Math.max(packetsLost, 0) };
  }
  return { received: 0, lost: 0 };
}

/** Milliseconds there and back on the path in use; nothing where the browser does not tell. */
async function roundTrip(peer: RTCPeerConnection): Promise<number | null> {
  let seconds: number | null = null;
  for (const report of (await peer.getStats()).values() as Iterable<PairStats>) {
    if (report.type === "candidate-pair" && report.nominated === true) {
      seconds = report.currentRoundTripTime ?? seconds;
    }
  }
  return seconds === null ? null : Math.round(seconds * 1_000);
}

/** What is used of webrtc-stats `RTCInboundRtpStreamStats`. */
interface InboundStats {
  readonly type: string;
  readonly packetsReceived?: number;
  readonly packetsLost?: number;
}

/** What is used of webrtc-stats `RTCIceCandidatePairStats`. */
interface PairStats {
  readonly type: string;
  readonly nominated?: boolean;
  readonly currentRoundTripTime?: number;
}
