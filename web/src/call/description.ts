// The one file that knows SDP.
//
// `toDescription` and `toCandidate` take typed values out of what this browser wrote; `toSdp` and
// `toIceCandidate` write what the other side sent into one template. No SDP travels, so nothing but
// the template's own lines ever reaches `setRemoteDescription`. Everything is checked against
// `descriptionRules` on both ways.
//
// The template has always two sections, one transport: sound with mid 0, then the data channel
// with mid 1. Both Chromium and Firefox number them like that when the peer makes them in this order.

import type { Candidate } from "../protocol/Candidate";
import type { CandidateKind } from "../protocol/CandidateKind";
import type { Codec } from "../protocol/Codec";
import type { DescriptionKind } from "../protocol/DescriptionKind";
import type { Direction } from "../protocol/Direction";
import type { DtlsRole } from "../protocol/DtlsRole";
import type { Extension } from "../protocol/Extension";
import type { ExtensionKind } from "../protocol/ExtensionKind";
import {
  type Anonymous,
  checkAnonymous,
  checkCandidate,
  DescriptionError,
} from "./descriptionRules";

/** What this side wishes to receive (RFC 7587 §6.1): the other side's encoder follows it. */
export interface Sound {
  /** Forward error correction inside the packets. */
  readonly fec: boolean;
  /** Silence is not sent. */
  readonly dtx: boolean;
  /** Packets of constant size: the sizes of variable-rate speech leak words. */
  readonly cbr: boolean;
  /** Bits per second. */
  readonly maxAverageBitrate: number;
}

/** The sound of a call, unless low-data modes say otherwise. */
export const SOUND: Sound = { fec: true, dtx: true, cbr: true, maxAverageBitrate: 32_000 };

/**
 * Takes the description out of SDP that this browser made; who made it is said when it is signed.
 *
 * The wishes for sound are `sound`, whatever the browser wrote: a browser's own `fmtp` line
 * changes nothing in the browser itself, it only tells the other side.
 *
 * @throws {DescriptionError} when the SDP has not the two sections of a call or lacks a value.
 */
export function toDescription(
  { type, sdp }: RTCSessionDescriptionInit,
  epoch: number,
  sound = SOUND,
): Anonymous {
  const { session, media } = split(sdp ?? "");
  const [audio, data, ...more] = media;
  if (!audio || !data || more.length > 0) fail("a call has two sections");
  if (!/^audio \d+ UDP\/TLS\/RTP\/SAVPF( \d+)+$/.test(audio.head)) fail("the first is sound");
  if (!/^application \d+ UDP\/DTLS\/SCTP webrtc-datachannel$/.test(data.head)) {
    fail("the second is the data channel");
  }
  if (only(audio, "mid") !== AUDIO_MID || only(data, "mid") !== DATA_MID) fail("mids are 0 and 1");
  const transport = (name: string) =>
    only(audio, name) ?? only(session, name) ?? fail(`no ${name}`);
  const description: Anonymous = {
    epoch,
    kind: toKind(type),
    ufrag: transport("ice-ufrag"),
    pwd: transport("ice-pwd"),
    fingerprint: toFingerprint(transport("fingerprint")),
    dtls: transport("setup") as DtlsRole,
    codecs: toCodecs(audio, sound),
    extensions: toExtensions(audio),
    direction: DIRECTIONS.find((d) => audio.attributes.includes(d)) ?? "sendrecv",
  };
  checkAnonymous(description);
  return description;
}

/**
 * Writes the SDP for the other side's description.
 *
 * `role` is the DTLS role that the other side has had since the first negotiation. It is written
 * into later offers in place of `actpass` (RFC 8842 §5.5 allows both): Firefox, when it made
 * the first offer, forgets that it became passive and would answer `active`, which Chromium refuses.
 *
 * `sendsRed` says whether this browser sends RED to whoever lists it. Then it is not asked for FEC as well: FEC takes its
 * bits from the sound itself, and what RED sends twice needs it no more (measured in docs/voice-quality.md).
 *
 * @throws {DescriptionError} when the description breaks a rule.
 */
export function toSdp(
  description: Anonymous,
  role: DtlsRole | null = null,
  sendsRed = false,
): RTCSessionDescriptionInit & { sdp: string } {
  checkAnonymous(description);
  const { epoch, kind, codecs, extensions, direction } = description;
  const dtls = (kind === "offer" ? role : null) ?? description.dtls;
  const transport = transportLines(description, dtls);
  const redundant = sendsRed && codecs.some(({ codec }) => codec === "red");
  const congestion = extensions.some((e) => e.kind === "transport_cc");
  const lines = [
    "v=0",
    `o=- 1 ${epoch} IN IP4 0.0.0.0`,
    "s=-",
    "t=0 0",
    `a=group:BUNDLE ${AUDIO_MID} ${DATA_MID}`,
    `m=audio 9 UDP/TLS/RTP/SAVPF ${codecs.map((c) => c.payload_type).join(" ")}`,
    "c=IN IP4 0.0.0.0",
    ...transport,
    `a=mid:${AUDIO_MID}`,
    ...extensions.map(({ id, kind }) => `a=extmap:${id} ${EXTENSION_URIS[kind]}`),
    `a=${direction}`,
    "a=rtcp-mux",
    ...codecs.flatMap((codec) => codecLines(codec, congestion, redundant)),
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
    "c=IN IP4 0.0.0.0",
    ...transport,
    `a=mid:${DATA_MID}`,
    "a=sctp-port:5000",
    `a=max-message-size:${MAX_MESSAGE_BYTES}`,
  ];
  return { type: kind, sdp: lines.map((line) => `${line}\r\n`).join("") };
}

/**
 * Takes a candidate out of the browser's `candidate` line.
 *
 * Nothing for the end mark and for what does not travel: TCP, the second component, loopback
 * and the rest of what `descriptionRules` refuses.
 */
export function toCandidate(line: string): Candidate | null {
  const match = CANDIDATE_LINE.exec(line);
  if (match === null) return null;
  const [, foundation = "", priority, address = "", port, kind] = match;
  const candidate: Candidate = {
    foundation,
    priority: Number(priority),
    address,
    port: Number(port),
    kind: kind as CandidateKind,
  };
  try {
    checkCandidate(candidate);
  } catch (error) {
    if (error instanceof DescriptionError) return null;
    throw error;
  }
  return candidate;
}

/**
 * Writes the candidate line for the other side's candidate. `ufrag` is that of the description it
 * belongs to, so that the browser drops a candidate of a negotiation that was replaced.
 *
 * @throws {DescriptionError} when the candidate breaks a rule.
 */
export function toIceCandidate(candidate: Candidate, ufrag: string): RTCIceCandidateInit {
  checkCandidate(candidate);
  const { foundation, priority, address, port, kind } = candidate;
  // RFC 8839 §5.1 demands a related address for all but hosts; which one is nobody's business.
  const related = kind === "host" ? "" : " raddr 0.0.0.0 rport 0";
  return {
    candidate: `candidate:${foundation} 1 udp ${priority} ${address} ${port} typ ${kind}${related}`,
    sdpMid: AUDIO_MID,
    sdpMLineIndex: 0,
    usernameFragment: ufrag,
  };
}

const AUDIO_MID = "0";
const DATA_MID = "1";

/** The data channel carries small control messages only. */
const MAX_MESSAGE_BYTES = 16_384;

/** Browsers write 2–6 KB; more than this is no SDP of a call. */
const SDP_MAX_CHARS = 65_536;

const DIRECTIONS: readonly Direction[] = ["sendrecv", "sendonly", "recvonly", "inactive"];

const EXTENSION_URIS: Record<ExtensionKind, string> = {
  mid: "urn:ietf:params:rtp-hdrext:sdes:mid",
  audio_level: "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
  abs_send_time: "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
  transport_cc: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
};

/**
 * Those that this client asks for. Not `transport_cc`: sound of a constant rate has nothing to adapt, and Chromium, once
 * packets are lost, fills the path with padding to measure it: half as much again as the sound (docs/voice-quality.md).
 */
const OWN_EXTENSIONS: readonly ExtensionKind[] = ["mid", "audio_level", "abs_send_time"];

/** RFC 8839 §5.1: foundation, component 1, UDP, priority, address, port, type; what follows stays here. */
const CANDIDATE_LINE =
  /^candidate:([a-zA-Z0-9+/]{1,32}) 1 udp (\d{1,10}) ([a-zA-Z0-9.:-]{1,70}) (\d{1,5}) typ (host|srflx|prflx|relay)(?= |$)/i;

interface Section {
  /** What stands after `m=`; nothing for the session's own part. */
  readonly head: string;
  /** The `a=` lines without `a=`. */
  readonly attributes: readonly string[];
}

function split(sdp: string): { session: Section; media: Section[] } {
  if (sdp.length > SDP_MAX_CHARS) fail("too long");
  const [session = "", ...media] = sdp.split(/^m=/m);
  const section = (text: string, head: string): Section => ({
    head,
    attributes: text
      .split(/\r?\n/)
      .flatMap((line) => (line.startsWith("a=") ? [line.slice(2)] : [])),
  });
  return {
    session: section(session, ""),
    media: media.map((text) => section(text, text.split(/\r?\n/, 1)[0] ?? "")),
  };
}

/** The values of an attribute: `rtpmap` finds the rest of each `a=rtpmap:` line. */
function values(section: Section, name: string): string[] {
  return section.attributes.flatMap((a) =>
    a.startsWith(`${name}:`) ? [a.slice(name.length + 1)] : [],
  );
}

/** The value of an attribute that may stand once. */
function only(section: Section, name: string): string | null {
  const [value, ...more] = values(section, name);
  if (more.length > 0) fail(`${name} stands twice`);
  return value ?? null;
}

function toKind(type: RTCSdpType): DescriptionKind {
  return type === "offer" || type === "answer" ? type : fail(`neither offer nor answer: ${type}`);
}

function toFingerprint(value: string): string {
  const match = /^sha-256 ([0-9a-f]{2}(?::[0-9a-f]{2}){31})$/i.exec(value);
  return match?.[1]?.replaceAll(":", "").toLowerCase() ?? fail("the fingerprint is not SHA-256");
}

/** Opus and RED in the order of the m-line: the first is what the browser sends. */
function toCodecs(audio: Section, sound: Sound): Codec[] {
  const byPayloadType = (name: string) =>
    new Map(values(audio, name).map((value) => splitOnce(value, " ")));
  const encodings = byPayloadType("rtpmap");
  const formats = byPayloadType("fmtp");
  const payloadTypes = audio.head.split(" ").slice(3);
  return payloadTypes.flatMap((text): Codec[] => {
    const payload_type = Number(text);
    switch (encodings.get(text)?.toLowerCase()) {
      case "opus/48000/2": {
        const { fec, dtx, cbr, maxAverageBitrate: max_average_bitrate } = sound;
        return [{ codec: "opus", payload_type, fec, dtx, cbr, max_average_bitrate }];
      }
      case "red/48000/2": {
        // RFC 2198 §5: the payload types inside, primary first.
        const [over, ...levels] = (formats.get(text) ?? "").split("/");
        const same = over !== undefined && /^\d+$/.test(over) && levels.every((l) => l === over);
        return same ? [{ codec: "red", payload_type, over: Number(over) }] : [];
      }
      default:
        return [];
    }
  });
}

function toExtensions(audio: Section): Extension[] {
  return values(audio, "extmap").flatMap((value) => {
    // One with a direction (Firefox: `2/recvonly`) is none that Ahoy speaks.
    const [id, uri] = splitOnce(value, " ");
    const kind = OWN_EXTENSIONS.find((k) => EXTENSION_URIS[k] === uri);
    return kind !== undefined && /^\d+$/.test(id) ? [{ id: Number(id), kind }] : [];
  });
}

function transportLines({ ufrag, pwd, fingerprint }: Anonymous, dtls: DtlsRole): string[] {
  return [
    `a=ice-ufrag:${ufrag}`,
    `a=ice-pwd:${pwd}`,
    "a=ice-options:trickle",
    `a=fingerprint:sha-256 ${fingerprint.toUpperCase().replace(/..(?=.)/g, "$&:")}`,
    `a=setup:${dtls}`,
  ];
}

function codecLines(codec: Codec, congestion: boolean, redundant: boolean): string[] {
  const p = codec.payload_type;
  if (codec.codec === "red") {
    return [`a=rtpmap:${p} red/48000/2`, `a=fmtp:${p} ${codec.over}/${codec.over}`];
  }
  const bit = (on: boolean) => (on ? 1 : 0);
  const rate = codec.max_average_bitrate;
  const format = [
    "minptime=10",
    `useinbandfec=${bit(codec.fec && !redundant)}`,
    `usedtx=${bit(codec.dtx)}`,
    `cbr=${bit(codec.cbr)}`,
    ...(rate === undefined ? [] : [`maxaveragebitrate=${rate}`]),
    "stereo=0",
    "sprop-stereo=0",
  ];
  return [
    `a=rtpmap:${p} opus/48000/2`,
    ...(congestion ? [`a=rtcp-fb:${p} transport-cc`] : []),
    `a=fmtp:${p} ${format.join(";")}`,
  ];
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}

function fail(what: string): never {
  throw new DescriptionError(`not the SDP of a call: ${what}`);
}
