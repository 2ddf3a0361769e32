// The one file that owns RTCPeerConnection.
//
// A peer does what the handset asks, one thing after the other, and tells what happens. It decides
// nothing: not when to restart, not who gives way. Its sound goes out through one transceiver that
// is made without a track, so an offer or an answer stands before the microphone is open.
// Addresses are asked of the page's own host only.

import type { CallDescription } from "../protocol/CallDescription";
import type { Candidate } from "../protocol/Candidate";
import type { DtlsRole } from "../protocol/DtlsRole";
import { toCandidate, toDescription, toIceCandidate, toSdp } from "./description";

/** What a peer tells. Nothing is told after {@link Peer.close}. */
export interface PeerEvents {
  /** An own description is set. Told before its candidates. */
  described(description: CallDescription): void;
  /** An address of this device, for the description that was told last. */
  candidate(candidate: Candidate): void;
  /** ICE and DTLS stand. */
  connected(): void;
  /** The path is silent and may come back by itself. */
  disconnected(): void;
  /** The path will not come back by itself. */
  failed(): void;
  /** The other side's sound, before there is any to hear. */
  sound(stream: MediaStream): void;
  /** The browser could not use what the other side sent, or could not make a connection. */
  unusable(error: unknown): void;
}

/**
 * How loud both sides are, each as linear amplitude from 0 to 1; speech is about 0.05.
 * Firefox does not say how loud this side is (webrtc-stats `audioLevel` of `media-source`): 0.
 */
export interface Levels {
  readonly other: number;
  readonly own: number;
}

/** Whether this browser can connect to another one. */
export function isPeerOffered(): boolean {
  return "RTCPeerConnection" in globalThis;
}

/** The STUN server on the page's own host; none where the server offers none. */
export function iceServers(hostname: string, stunPort: number | null): RTCIceServer[] {
  return stunPort === null ? [] : [{ urls: `stun:${hostname}:${stunPort}` }];
}

export class Peer {
  readonly #servers: RTCIceServer[];
  readonly #events: PeerEvents;
  #connection: Connection | null = null;
  #track: MediaStreamTrack | null = null;
  #tail: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(servers: RTCIceServer[], events: PeerEvents) {
    this.#servers = servers;
    this.#events = events;
  }

  /** Makes an offer and sets it. → `described`, then `candidate`s */
  makeOffer(epoch: number, iceRestart: boolean): void {
    this.#next(async () => {
      const connection = (this.#connection ??= this.#connect());
      connection.offerSound();
      await connection.attach(this.#track);
      await connection.describe(await connection.rtc.createOffer({ iceRestart }), epoch);
    });
  }

  /** Takes the other side's offer and sets the answer; an own offer that waits is rolled back. → as `makeOffer` */
  makeAnswer(offer: CallDescription): void {
    this.#next(async () => {
      const connection = (this.#connection ??= this.#connect());
      // A waiting offer of one's own is rolled back by this. A first offer must not be: browsers would
      // keep its transceiver and give the other side's sound a second one (RFC 9429 §5.10).
      await connection.take(offer);
      connection.answerSound(offer);
      await connection.attach(this.#track);
      await connection.describe(await connection.rtc.createAnswer(), offer.epoch);
    });
  }

  /** Takes the other side's answer to the newest own offer. */
  useAnswer(answer: CallDescription): void {
    this.#next(() => this.#existing().take(answer));
  }

  /** Takes addresses of the other side's newest description. */
  addCandidates(candidates: readonly Candidate[]): void {
    this.#next(() => this.#existing().add(candidates));
  }

  /** Sends what a track captures from now on; nothing sends nothing. Nothing is negotiated. */
  attach(track: MediaStreamTrack | null): void {
    this.#track = track;
    this.#next(async () => this.#connection?.attach(this.#track));
  }

  /** How loud both sides are now. Cheap enough for ten times a second. */
  async levels(): Promise<Levels> {
    return (await this.#connection?.levels()) ?? { other: 0, own: 0 };
  }

  /** Closes the connection and tells nothing any more. The track is not this file's to stop. */
  close(): void {
    this.#closed = true;
    this.#track = null;
    this.#connection?.close();
    this.#connection = null;
  }

  #connect(): Connection {
    return new Connection(this.#servers, this.#events);
  }

  #existing(): Connection {
    if (!this.#connection) throw new Error("there is no connection yet");
    return this.#connection;
  }

  /** Carries an operation out after those before it. One that fails ends the connection's use. */
  #next(operation: () => Promise<void>): void {
    this.#tail = this.#tail.then(async () => {
      if (this.#closed) return;
      try {
        await operation();
      } catch (error) {
        // Closing in the middle of an operation makes it fail, and that is no fault.
        if (!this.#isClosed()) this.#events.unusable(error);
      }
    });
  }

  #isClosed(): boolean {
    return this.#closed;
  }
}

/** One RTCPeerConnection with its listeners. */
class Connection {
  readonly rtc: RTCPeerConnection;
  readonly #events: PeerEvents;
  readonly #control: RTCDataChannel;
  readonly #open = new AbortController();
  readonly #otherLevel = new FreshLevel();
  #transceiver: RTCRtpTransceiver | null = null;
  #remoteUfrag = "";
  /** The certificate of the other side, which a call keeps: nothing has vouched for another one. */
  #remoteFingerprint: string | null = null;
  /** Which side of DTLS the other one took in the first negotiation; it keeps it for good. */
  #remoteRole: DtlsRole | null = null;
  /** The candidates that came before their description was told; nothing when none is under way. */
  #early: RTCIceCandidate[] | null = null;
  #ufrag = "";

  constructor(iceServers: RTCIceServer[], events: PeerEvents) {
    this.#events = events;
    this.rtc = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    // Both sides make it, so it needs no negotiation. It carries the control messages of a call.
    this.#control = this.rtc.createDataChannel("control", { negotiated: true, id: 0 });
    const { signal } = this.#open;
    const listen = <E extends keyof RTCPeerConnectionEventMap>(
      event: E,
      listener: (event: RTCPeerConnectionEventMap[E]) => void,
    ) => this.rtc.addEventListener(event, listener, { signal });
    listen("icecandidate", ({ candidate }) => {
      if (candidate) this.#found(candidate);
    });
    listen("connectionstatechange", () => this.#tellState());
    listen("track", ({ track }) => this.#events.sound(new MediaStream([track])));
  }

  /** Makes the transceiver of the caller, who offers RED wherever this browser speaks it. */
  offerSound(): void {
    if (this.#transceiver) return;
    this.#transceiver = this.rtc.addTransceiver("audio", { direction: "sendrecv" });
    prefer(this.#transceiver, ["audio/red", "audio/opus"]);
  }

  /** Takes the transceiver that the offer made, and sends RED only where the offer lists it. */
  answerSound(offer: CallDescription): void {
    const [transceiver] = this.rtc.getTransceivers();
    if (!transceiver) throw new Error("the offer made no transceiver");
    this.#transceiver = transceiver;
    transceiver.direction = "sendrecv";
    const red = offer.codecs.some((codec) => codec.codec === "red");
    prefer(transceiver, red ? ["audio/red", "audio/opus"] : ["audio/opus"]);
  }

  async attach(track: MediaStreamTrack | null): Promise<void> {
    if (this.#transceiver && this.#transceiver.sender.track !== track) {
      await this.#transceiver.sender.replaceTrack(track);
    }
  }

  /** Sets an own description and tells it, then the candidates that came meanwhile. */
  async describe(sdp: RTCSessionDescriptionInit, epoch: number): Promise<void> {
    const description = toDescription(sdp, epoch);
    this.#early = [];
    await this.rtc.setLocalDescription(sdp);
    const early = this.#early;
    this.#early = null;
    this.#ufrag = description.ufrag;
    if (description.kind === "answer") {
      this.#remoteRole = description.dtls === "active" ? "passive" : "active";
    }
    if (this.#open.signal.aborted) return;
    this.#events.described(description);
    for (const candidate of early) this.#found(candidate);
  }

  async take(description: CallDescription): Promise<void> {
    this.#remoteFingerprint ??= description.fingerprint;
    if (description.fingerprint !== this.#remoteFingerprint) {
      throw new Error("the other side's certificate changed in mid-call");
    }
    await this.rtc.setRemoteDescription(toSdp(description, this.#remoteRole));
    this.#remoteUfrag = description.ufrag;
    if (description.kind === "answer") this.#remoteRole = description.dtls;
  }

  async add(candidates: readonly Candidate[]): Promise<void> {
    for (const candidate of candidates) {
      await this.rtc.addIceCandidate(toIceCandidate(candidate, this.#remoteUfrag));
    }
  }

  async levels(): Promise<Levels> {
    if (!this.#transceiver) return { other: 0, own: 0 };
    const { receiver, sender } = this.#transceiver;
    const other = this.#otherLevel.read(receiver.getSynchronizationSources()[0]);
    let own = 0;
    if (sender.track?.enabled === true) {
      for (const report of (await sender.getStats()).values() as Iterable<MediaSourceStats>) {
        if (report.type === "media-source") own = report.audioLevel ?? 0;
      }
    }
    return { other, own };
  }

  close(): void {
    this.#open.abort();
    this.#control.close();
    this.rtc.close();
  }

  #found(candidate: RTCIceCandidate): void {
    if (this.#early) {
      this.#early.push(candidate);
      return;
    }
    // A late one of the description before this one.
    const { usernameFragment } = candidate;
    if (usernameFragment && usernameFragment !== this.#ufrag) return;
    const typed = toCandidate(candidate.candidate);
    if (typed) this.#events.candidate(typed);
  }

  #tellState(): void {
    switch (this.rtc.connectionState) {
      case "connected": {
        this.#events.connected();
        return;
      }
      case "disconnected": {
        this.#events.disconnected();
        return;
      }
      case "failed": {
        this.#events.failed();
        return;
      }
      case "new":
      case "connecting":
      case "closed":
        return;
    }
  }
}

/** What `RTCStatsReport` holds of a captured track (webrtc-stats `RTCAudioSourceStats`). */
interface MediaSourceStats {
  readonly type: string;
  readonly audioLevel?: number;
}

/** A level that counts only while packets come: without them a browser goes on naming the last one. */
class FreshLevel {
  #rtpTimestamp = -1;

  read(source: RTCRtpSynchronizationSource | undefined): number {
    if (!source || source.rtpTimestamp === this.#rtpTimestamp) return 0;
    this.#rtpTimestamp = source.rtpTimestamp;
    return source.audioLevel ?? 0;
  }
}

/** Negotiates these codecs only, in this order; those that the browser has not are left out. */
function prefer(transceiver: RTCRtpTransceiver, mimeTypes: readonly string[]): void {
  // Firefox before 128 has no preferences; its own order has Opus first.
  if (!("setCodecPreferences" in transceiver)) return;
  const codecs = RTCRtpReceiver.getCapabilities("audio")?.codecs ?? [];
  transceiver.setCodecPreferences(
    mimeTypes.flatMap((name) => codecs.filter((c) => c.mimeType.toLowerCase() === name)),
  );
}
