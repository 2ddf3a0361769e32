/**
 * Hears what a page's call plays, and sees which microphones and connections the page holds.
 *
 * It listens to the stream of the page's own audio element and finds pitches in it, so it hears
 * exactly what a person would, whatever the element's volume. The product has nothing made for it.
 */
import { expect, type Page } from "@playwright/test";

/** A pitch of a fake microphone arrives at about -40 dB, everything else below -100. */
const HEARD_DB = -60;

/** What the page remembers for the tests; put there before its own scripts run. */
interface Witness {
  tracks: MediaStreamTrack[];
  connections: RTCPeerConnection[];
}

export class Ear {
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  /** Must be called before the page is opened. */
  static async at(page: Page): Promise<Ear> {
    await page.addInitScript(witness);
    return new Ear(page);
  }

  /** Waits until the pitch is heard, at most so many milliseconds. */
  async hears(hertz: number, within = 2_000): Promise<void> {
    await expect
      .poll(() => this.#loudness(hertz), {
        message: `${hertz} Hz is heard`,
        timeout: within,
        intervals: [50],
      })
      .toBeGreaterThan(HEARD_DB);
  }

  /** Waits until nothing at all is heard. */
  async hearsSilence(hertz: number, within = 2_000): Promise<void> {
    await expect
      .poll(() => this.#loudness(hertz), {
        message: `${hertz} Hz is silent`,
        timeout: within,
        intervals: [50],
      })
      .toBeLessThan(-90);
  }

  /** How many milliseconds passed from `since` (by `Date.now()` of this machine) until the pitch was heard. */
  async firstHeard(hertz: number, since: number): Promise<number> {
    await this.hears(hertz, 5_000);
    return Date.now() - since;
  }

  /** Whether the audio element is silenced. Its stream may go on. */
  isMuted(): Promise<boolean> {
    return this.#page.evaluate(() => document.querySelector("audio")?.muted ?? false);
  }

  /** How many live microphone tracks the page holds. */
  liveTracks(): Promise<number> {
    return this.#page.evaluate(
      () =>
        (globalThis as unknown as { witness: Witness }).witness.tracks.filter(
          (track) => track.readyState === "live",
        ).length,
    );
  }

  /** How many microphone tracks the page ever got. */
  tracksEver(): Promise<number> {
    return this.#page.evaluate(
      () => (globalThis as unknown as { witness: Witness }).witness.tracks.length,
    );
  }

  /** How many peer connections are not closed. */
  openConnections(): Promise<number> {
    return this.#page.evaluate(
      () =>
        (globalThis as unknown as { witness: Witness }).witness.connections.filter(
          (connection) => connection.connectionState !== "closed",
        ).length,
    );
  }

  /** The ICE user name fragment in use: another one after an ICE restart. */
  iceFragment(): Promise<string> {
    return this.#page.evaluate(() => {
      const { connections } = (globalThis as unknown as { witness: Witness }).witness;
      const sdp = connections.at(-1)?.currentLocalDescription?.sdp ?? "";
      return /a=ice-ufrag:(.*)/.exec(sdp)?.[1]?.trim() ?? "";
    });
  }

  /** Packets of sound that the open connection sent so far. */
  packetsSent(): Promise<number> {
    return this.#page.evaluate(async () => {
      const { connections } = (globalThis as unknown as { witness: Witness }).witness;
      const reports = await connections.at(-1)?.getStats();
      let packets = 0;
      reports?.forEach((report: { type: string; packetsSent?: number }) => {
        if (report.type === "outbound-rtp") packets += report.packetsSent ?? 0;
      });
      return packets;
    });
  }

  /** After the call: every microphone is stopped and every connection closed, within 500 ms. */
  async expectNothingHeld(): Promise<void> {
    const soon = { timeout: 500, intervals: [50] };
    await expect.poll(() => this.liveTracks(), { message: "live tracks", ...soon }).toBe(0);
    await expect
      .poll(() => this.openConnections(), { message: "open connections", ...soon })
      .toBe(0);
  }

  /** The loudness of a pitch in decibels below full scale; -Infinity where there is no stream. */
  #loudness(hertz: number): Promise<number> {
    return this.#page.evaluate(async (pitch) => {
      // Of two calls, the one that is not silenced.
      const elements = [...document.querySelectorAll("audio")];
      const stream = (elements.find(({ muted }) => !muted) ?? elements[0])?.srcObject;
      if (!(stream instanceof MediaStream)) return -Infinity;
      const page = globalThis as unknown as {
        ear?: { stream: MediaStream; analyser: AnalyserNode };
      };
      if (page.ear?.stream !== stream) {
        const context = new AudioContext();
        const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
        context.createMediaStreamSource(stream).connect(analyser);
        await context.resume();
        page.ear = { stream, analyser };
      }
      const { analyser } = page.ear;
      const bins = new Float32Array(analyser.frequencyBinCount);
      analyser.getFloatFrequencyData(bins);
      const bin = Math.round((pitch * analyser.fftSize) / analyser.context.sampleRate);
      return Math.max(...bins.subarray(bin - 2, bin + 3));
    }, hertz);
  }
}

/** Runs in the page before its scripts: remembers microphones and connections. */
function witness(): void {
  const seen: Witness = { tracks: [], connections: [] };
  Object.assign(globalThis, { witness: seen });
  const { mediaDevices } = navigator as { mediaDevices?: MediaDevices };
  if (mediaDevices) {
    const getUserMedia = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (constraints) => {
      const stream = await getUserMedia(constraints);
      seen.tracks.push(...stream.getTracks());
      return stream;
    };
  }
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      seen.connections.push(this);
    }
  };
}
