// The one file that owns RTCPeerConnection.
//
// Its sound goes out through one transceiver that is made without a track, so an offer or an answer
// stands before the microphone is open. A description is told as soon as it is made; addresses are looked for after that, once
// the ways to them are known (`access.ts`). Its operations must be waited for, one after the other; `peer.ts` does. One that is given up sends
// and plays nothing more at once and stays for a moment, so that the last word over the control channel leaves.

import { type ConnectionIdentity, ForgeryError } from "../identity/connectionIdentity";
import type { Code } from "../identity/code";
import type { CallDescription } from "../protocol/CallDescription";
import type { Candidate } from "../protocol/Candidate";
import type { CodeNonce } from "../protocol/CodeNonce";
import type { ControlMessage } from "../protocol/ControlMessage";
import type { DeviceKey } from "../protocol/DeviceKey";
import type { DtlsRole } from "../protocol/DtlsRole";
import type { Route } from "../protocol/Route";
import type { Standing } from "../protocol/Standing";
import type { Paths } from "./access";
import { Arrivals } from "./arrivals";
import type { Belongings, Inventory } from "./belongings";
import { ControlChannel, type ControlEvents } from "./controlChannel";
import { toCandidate, toDescription, toIceCandidate, toSdp } from "./description";
import { checkAnonymous } from "./descriptionRules";
import { FAREWELL_MS } from "./invariants";
import { Redundancy } from "./redundancy";
import { routeOf } from "./route";

/** How often it is looked whether sound of the other side arrived, and which way it goes. */
const LOOK_INTERVAL_MS = 500;

/** What a connection tells. Nothing is told after {@link Connection.sayGoodbye}. */
export interface ConnectionEvents extends ControlEvents {
  /** An own description is made. Told before its candidates. */
  described(description: CallDescription): void;
  /** An address of this device, for the description that was told last. */
  candidate(candidate: Candidate): void;
  /** A description of the other side is its device's word. Told before anything is done with it. */
  identified(key: DeviceKey, standing: Standing): void;
  /** The code that the two people may compare. */
  coded(code: Code): void;
  /** What came is not the other device's word, or the path leads to another device. */
  forged(error: ForgeryError): void;
  /** ICE and DTLS stand, with the device that signed for this certificate. */
  connected(): void;
  /** The path is silent and may come back by itself. */
  disconnected(): void;
  /** The path will not come back by itself. */
  failed(): void;
  /** Sound goes another way than before. */
  route(route: Route): void;
  /** Packets of sound arrived since the last time; about twice a second while they do. */
  heard(): void;
  /** No packet came since {@link heard} was told: the other side has no sound to send, or its packets are lost. Told once. */
  quiet(): void;
  /** The other side's sound, before there is any to hear. */
  sound(stream: MediaStream): void;
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

/** The connections of all peers of a handset that are not closed, for whoever checks that none is left. */
export class Connections {
  readonly #givenUpAt = new Map<RTCPeerConnection, number | null>();

  /** How many are in use. */
  get open(): number {
    return this.#notClosed().filter((givenUpAt) => givenUpAt === null).length;
  }

  /** How many milliseconds ago each one was given up that still says goodbye. */
  get farewells(): number[] {
    const now = performance.now();
    return this.#notClosed().flatMap((givenUpAt) => (givenUpAt === null ? [] : [now - givenUpAt]));
  }

  made(rtc: RTCPeerConnection): void {
    this.#givenUpAt.set(rtc, null);
  }

  givenUp(rtc: RTCPeerConnection): void {
    this.#givenUpAt.set(rtc, performance.now());
  }

  #notClosed(): (number | null)[] {
    for (const rtc of [...this.#givenUpAt.keys()]) {
      if (rtc.connectionState === "closed") this.#givenUpAt.delete(rtc);
    }
    return [...this.#givenUpAt.values()];
  }
}

/** Where a connection writes down what it holds. */
export interface ConnectionLedger {
  readonly connections: Connections;
  readonly inventory: Inventory;
}

/** One RTCPeerConnection with its listeners. */
export class Connection {
  readonly rtc: RTCPeerConnection;
  readonly control: ControlChannel;
  readonly #paths: Paths;
  readonly #events: ConnectionEvents;
  readonly #identity: ConnectionIdentity;
  readonly #connections: Connections;
  readonly #belongings: Belongings;
  readonly #otherLevel = new FreshLevel();
  readonly #arrivals = new Arrivals();
  #isQuiet = true;
  #transceiver: RTCRtpTransceiver | null = null;
  #redundancy: Redundancy | null = null;
  #remoteUfrag = "";
  /** What is captured here; it is sent once the other end is the one that signed. */
  #track: MediaStreamTrack | null = null;
  /** The other side's sound, until then. */
  #held: MediaStream | null = null;
  #isVouchedFor = false;
  /** Which side of DTLS the other one took in the first negotiation; it keeps it for good. */
  #remoteRole: DtlsRole | null = null;
  #ufrag = "";
  /** Whether the other side is to learn no address but the relay's. */
  #relayOnly = true;
  #route: Route | null = null;

  constructor(
    paths: Paths,
    identity: ConnectionIdentity,
    events: ConnectionEvents,
    { connections, inventory }: ConnectionLedger,
  ) {
    this.#paths = paths;
    this.#events = events;
    this.#identity = identity;
    this.#connections = connections;
    this.rtc = new RTCPeerConnection({ ...paths.known, bundlePolicy: "max-bundle" });
    connections.made(this.rtc);
    const belongings = (this.#belongings = inventory.make());
    const control: ControlEvents = {
      controlOpened: () => this.#controlOpened(),
      control: (message) => this.#control(message),
    };
    this.control = new ControlChannel(this.rtc, control, belongings);
    belongings.listen(this.rtc, "icecandidate", ({ candidate }: RTCPeerConnectionIceEvent) => {
      if (candidate) this.#found(candidate);
    });
    belongings.listen(this.rtc, "connectionstatechange", () => this.#tellState());
    belongings.listen(this.rtc, "track", ({ track }: RTCTrackEvent) => {
      this.#held = new MediaStream([track]);
      this.#letHear();
    });
    belongings.every(LOOK_INTERVAL_MS, () => void this.#look());
  }

  /** Makes the transceiver of the caller, who offers RED wherever this browser speaks it. */
  offerSound(): void {
    if (this.#transceiver) return;
    this.#transceiver = this.rtc.addTransceiver("audio", { direction: "sendrecv" });
    this.#redundancy = Redundancy.of(this.#transceiver.sender, this.#belongings);
    prefer(this.#transceiver, ["audio/red", "audio/opus"]);
  }

  /** Takes the transceiver that the offer made, and sends RED only where the offer lists it. */
  answerSound(offer: CallDescription): void {
    const [transceiver] = this.rtc.getTransceivers();
    if (!transceiver) throw new Error("the offer made no transceiver");
    if (this.#transceiver === null) {
      this.#redundancy = Redundancy.of(transceiver.sender, this.#belongings);
    }
    this.#transceiver = transceiver;
    transceiver.direction = "sendrecv";
    const red = offer.codecs.some((codec) => codec.codec === "red");
    prefer(transceiver, red ? ["audio/red", "audio/opus"] : ["audio/opus"]);
  }

  /** Sends what a track captures, as soon as it is sure who hears it. */
  async attach(track: MediaStreamTrack | null): Promise<void> {
    this.#track = track;
    const sender = this.#transceiver?.sender;
    if (this.#isVouchedFor && sender && sender.track !== track) await sender.replaceTrack(track);
  }

  /** Tells an own description and sets it, which begins the search for addresses. */
  async describe(sdp: RTCSessionDescriptionInit, epoch: number): Promise<void> {
    const description = await this.#identity.sign(toDescription(sdp, epoch));
    if (this.#isGone()) return;
    this.#ufrag = description.ufrag;
    if (description.kind === "answer") {
      this.#remoteRole = description.dtls === "active" ? "passive" : "active";
    }
    // The server makes the call from it, and gives access to the relay only then.
    this.#events.described(description);
    const configuration = await this.#paths.fresh();
    if (this.#isGone()) return;
    this.#relayOnly = configuration.iceTransportPolicy === "relay";
    this.rtc.setConfiguration({ ...configuration, bundlePolicy: "max-bundle" });
    await this.rtc.setLocalDescription(sdp);
  }

  async take(description: CallDescription): Promise<void> {
    checkAnonymous(description);
    const { key, standing } = await this.#identity.check(description);
    if (this.#isGone()) return;
    this.#events.identified(key, standing);
    await this.rtc.setRemoteDescription(toSdp(description, this.#remoteRole, sendsRed()));
    this.#remoteUfrag = description.ufrag;
    if (description.kind === "answer") this.#remoteRole = description.dtls;
    const code = description.kind === "answer" ? await this.#identity.codeOfOfferer() : null;
    if (code !== null && !this.#isGone()) this.#events.coded(code);
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

  async sayGoodbye(): Promise<void> {
    this.#belongings.close();
    this.#connections.givenUp(this.rtc);
    // A track that is left in mid-operation fails that operation, and nobody waits for it any more.
    this.#transceiver?.sender.replaceTrack(null).catch(() => undefined);
    await this.control.drained(FAREWELL_MS);
    this.rtc.close();
  }

  async #look(): Promise<void> {
    if (this.rtc.connectionState === "new") return;
    const stats = await this.rtc.getStats();
    if (this.#isGone()) return;
    this.#redundancy?.heed(stats.values(), performance.now());
    const route = routeOf(stats.values());
    if (route !== null && route !== this.#route) {
      this.#route = route;
      this.#events.route(route);
    }
    if (this.#arrivals.came(stats.values())) {
      this.#isQuiet = false;
      this.#events.heard();
    } else if (!this.#isQuiet) {
      this.#isQuiet = true;
      this.#events.quiet();
    }
  }

  #found(candidate: RTCIceCandidate): void {
    // A late one of the description before this one.
    const { usernameFragment } = candidate;
    if (usernameFragment && usernameFragment !== this.#ufrag) return;
    const typed = toCandidate(candidate.candidate);
    if (!typed || (this.#relayOnly && typed.kind !== "relay")) return;
    this.#events.candidate(typed);
  }

  #isGone(): boolean {
    return this.#belongings.signal.aborted;
  }

  /** The path stands. Who is at its end was signed; the certificate that is in use is compared with that, where the browser shows it. */
  async #stand(): Promise<void> {
    if (!this.#isVouchedFor) {
      const [certificate] = remoteCertificates(this.#transceiver);
      const isOther = !certificate || (await this.#identity.isOther(certificate));
      if (this.#isGone()) return;
      if (!isOther) {
        this.#events.forged(new ForgeryError("certificate"));
        return;
      }
      this.#isVouchedFor = true;
      this.#letHear();
      await this.attach(this.#track);
      if (this.#isGone()) return;
    }
    this.#events.connected();
    void this.#look();
  }

  #letHear(): void {
    if (this.#isVouchedFor && this.#held) this.#events.sound(this.#held);
  }

  /** Whoever offered reveals first of all. */
  #controlOpened(): void {
    const nonce = this.#identity.reveal;
    if (nonce !== null) this.control.send({ type: "reveal", nonce });
    this.#events.controlOpened();
  }

  #control(message: ControlMessage): void {
    if (message.type === "reveal") void this.#revealed(message.nonce);
    else this.#events.control(message);
  }

  async #revealed(nonce: CodeNonce): Promise<void> {
    try {
      const code = await this.#identity.revealed(nonce);
      if (code !== null && !this.#isGone()) this.#events.coded(code);
    } catch (error) {
      if (!(error instanceof ForgeryError)) throw error;
      if (!this.#isGone()) this.#events.forged(error);
    }
  }

  #tellState(): void {
    switch (this.rtc.connectionState) {
      case "connected": {
        void this.#stand();
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

/** The certificates (DER) of the other side of the DTLS connection. Firefox shows none; it compares them itself, as all do. */
function remoteCertificates(transceiver: RTCRtpTransceiver | null): readonly ArrayBuffer[] {
  const transport = transceiver?.receiver.transport as Partial<RTCDtlsTransport> | null | undefined;
  return transport?.getRemoteCertificates?.() ?? [];
}

/** Whether this browser can send RED; `prefer` makes it do so wherever the other side lists it. */
function sendsRed(): boolean {
  // Where the order of codecs cannot be chosen, Opus is first.
  if (!("setCodecPreferences" in RTCRtpTransceiver.prototype)) return false;
  const codecs = RTCRtpSender.getCapabilities("audio")?.codecs ?? [];
  return codecs.some(({ mimeType }) => mimeType.toLowerCase() === "audio/red");
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
