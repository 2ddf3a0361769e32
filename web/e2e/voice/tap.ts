/**
 * Runs in the page before its scripts, in measurements only: keeps the sound that the microphone gives and the sound that
 * is played of the other side, and takes single sound settings out of calls.
 *
 * It takes the sound from the tracks themselves, chunk by chunk with the time of each.
 * A Web Audio graph would hear it through a clock and a queue of its own, which drops and repeats on a busy machine.
 */

/** The settings of a call's sound; those of the product unless a measurement takes one out. */
export interface SoundSettings {
  red: boolean;
  fec: boolean;
  dtx: boolean;
  cbr: boolean;
  /** Bits per second. */
  bitrate: number;
  /** Whether the client repeats more than the browser's one packet where losses ask for it. */
  deep: boolean;
  /** Whether the browsers estimate the bandwidth of the path by transport-wide feedback. */
  tcc: boolean;
}

/** One track's sound: mono, 16 bit, without gaps, and when each chunk came. */
export interface Tape {
  /** Samples per second. */
  rate: number;
  /** Base64 of little-endian samples. */
  pcm: string;
  /**
   * For each chunk: microseconds by the track's clock, milliseconds of the machine's time at which it was
   * handed over, and how many samples it has.
   */
  chunks: [number, number, number][];
}

/** What the page keeps of a call. */
export interface Tap {
  settings: SoundSettings | null;
  /** `performance.now()` at which the microphone of the newest call opened; nothing before. */
  openedAt: number | null;
  /** Forgets the tapes of the call before. */
  rewind(): void;
  tape(which: "mouth" | "ear"): Tape;
  stats(): Promise<Record<string, unknown>[]>;
  /** What was set as the other side's description, as the encoder obeys it. */
  remoteSdp(): string;
}

/** Chromium's insertable streams, which TypeScript's library does not know yet. */
interface SoundChunk {
  readonly timestamp: number;
  readonly numberOfFrames: number;
  readonly sampleRate: number;
  copyTo(to: Float32Array, options: { planeIndex: number; format: "f32-planar" }): void;
  close(): void;
}

/** Must be self-contained: the browser gets its source. */
export function tap(): void {
  interface Reel {
    rate: number;
    samples: Int16Array[];
    chunks: Tape["chunks"];
  }
  const reels: Record<"mouth" | "ear", Reel> = {
    mouth: empty(),
    ear: empty(),
  };
  const connections: RTCPeerConnection[] = [];

  function empty(): Reel {
    return { rate: 0, samples: [], chunks: [] };
  }

  async function wind(which: "mouth" | "ear", track: MediaStreamTrack): Promise<void> {
    const Processor = (
      globalThis as unknown as {
        MediaStreamTrackProcessor: new (init: { track: MediaStreamTrack }) => {
          readable: ReadableStream<SoundChunk>;
        };
      }
    ).MediaStreamTrackProcessor;
    const reel: Reel = (reels[which] = empty());
    const reader = new Processor({ track }).readable.getReader();
    for (;;) {
      const { done, value: chunk } = await reader.read();
      if (done) return;
      reel.rate ||= chunk.sampleRate;
      if (chunk.sampleRate !== reel.rate) throw new Error(`the rate of ${which} changed`);
      const floats = new Float32Array(chunk.numberOfFrames);
      chunk.copyTo(floats, { planeIndex: 0, format: "f32-planar" });
      reel.samples.push(
        Int16Array.from(floats, (value) => Math.max(-1, Math.min(1, value)) * 32_767),
      );
      const now = performance.timeOrigin + performance.now();
      reel.chunks.push([chunk.timestamp, now, chunk.numberOfFrames]);
      chunk.close();
    }
  }

  function base64(parts: readonly Int16Array[]): string {
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
    let at = 0;
    for (const part of parts) {
      bytes.set(new Uint8Array(part.buffer), at);
      at += part.byteLength;
    }
    let text = "";
    for (let i = 0; i < bytes.length; i += 32_768) {
      text += String.fromCharCode(...bytes.subarray(i, i + 32_768));
    }
    return btoa(text);
  }

  const seen: Tap = {
    settings: null,
    openedAt: null,
    rewind: () => {
      seen.openedAt = null;
      for (const which of ["mouth", "ear"] as const) reels[which] = empty();
    },
    tape: (which) => {
      const { rate, samples, chunks } = reels[which];
      return { rate, pcm: base64(samples), chunks };
    },
    stats: async () => {
      const reports: Record<string, unknown>[] = [];
      (await connections.at(-1)?.getStats())?.forEach((report: Record<string, unknown>) =>
        reports.push(report),
      );
      return reports;
    },
    remoteSdp: () => connections.at(-1)?.currentRemoteDescription?.sdp ?? "",
  };
  Object.assign(globalThis, { tap: seen });

  const { mediaDevices } = navigator;
  const getUserMedia = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = async (constraints) => {
    const stream = await getUserMedia(constraints);
    const [track] = stream.getAudioTracks();
    if (track) {
      seen.openedAt = performance.now();
      void wind("mouth", track.clone());
    }
    return stream;
  };

  /** Chromium offers it under this id and feeds back where both descriptions have it. */
  function withFeedback(sdp: string): string {
    const name = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
    return withoutFeedback(sdp)
      .replace("a=mid:0\r\n", `$&a=extmap:3 ${name}\r\n`)
      .replace(/a=rtpmap:(\d+) opus.*\r\n/, "$&a=rtcp-fb:$1 transport-cc\r\n");
  }

  function withoutFeedback(sdp: string): string {
    return sdp.replace(/a=(extmap|rtcp-fb):.*transport-(cc|wide).*\r\n/g, "");
  }

  // What stands in the other side's description is what this side's encoder does (RFC 7587 §6.1).
  function changed(sdp: string): string {
    const { settings } = seen;
    if (!settings) return sdp;
    const bit = (on: boolean): string => (on ? "1" : "0");
    return (settings.tcc ? withFeedback(sdp) : withoutFeedback(sdp))
      .replace(/useinbandfec=[01]/, `useinbandfec=${bit(settings.fec)}`)
      .replace(/usedtx=[01]/, `usedtx=${bit(settings.dtx)}`)
      .replace(/cbr=[01]/, `cbr=${bit(settings.cbr)}`)
      .replace(/maxaveragebitrate=\d+/, `maxaveragebitrate=${settings.bitrate}`);
  }

  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      connections.push(this);
      this.addEventListener("track", ({ track }) => void wind("ear", track));
    }

    override setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
      const { type, sdp = "" } = description;
      return super.setRemoteDescription({ type, sdp: changed(sdp) });
    }
  };
  const senders = RTCRtpSender.prototype;
  const transform = Object.getOwnPropertyDescriptor(senders, "transform");
  if (transform) {
    Object.defineProperty(senders, "transform", {
      ...transform,
      set(this: RTCRtpSender, value: unknown) {
        if (seen.settings?.deep !== false) transform.set?.call(this, value);
      },
    });
  }
  const { prototype } = RTCRtpTransceiver;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called on its transceiver below
  const prefer = prototype.setCodecPreferences;
  prototype.setCodecPreferences = function (codecs) {
    const withoutRed = [...codecs].filter(({ mimeType }) => mimeType.toLowerCase() !== "audio/red");
    prefer.call(this, seen.settings?.red === false ? withoutRed : codecs);
  };
}
