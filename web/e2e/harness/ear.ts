/**
 * Hears what a page's call plays, and sees which microphones and connections the page holds.
 *
 * It listens to the stream of the page's own audio element and finds pitches in it, so it hears
 * exactly what a person would, whatever the element's volume. The product has nothing made for it.
 */
import { expect, type Page } from "@playwright/test";

import type { Sound } from "../../src/call/toneSounds";
import { record, type Recording } from "./recording";
import { soundOf } from "./sounds";
import { type Traffic, type Witness, witness } from "./witness";

/** A pitch of a fake microphone arrives at about -40 dB, everything else below -100. */
const HEARD_DB = -60;

/** From here on a tone is heard; a silent context has nothing but zeros. */
const TONE_PEAK = 0.01;

/** What is read of a candidate (webrtc-stats `RTCIceCandidateStats`). */
interface CandidateStats {
  candidateType?: string;
  address?: string;
  relayProtocol?: string;
}

/** What is counted of streams (webrtc-stats `RTCOutboundRtpStreamStats`, `RTCInboundRtpStreamStats`). */
type Count = "packetsSent" | "bytesSent" | "packetsReceived" | "packetsLost" | "concealedSamples";

export class Ear {
  readonly #page: Pick<Page, "evaluate">;

  private constructor(page: Pick<Page, "evaluate">) {
    this.#page = page;
  }

  /** At a page that has the witness already. */
  static of(page: Pick<Page, "evaluate">): Ear {
    return new Ear(page);
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

  /** Waits until the pitch breaks off and is heard again, both within so many milliseconds. */
  async soundsAgain(hertz: number, within: number): Promise<void> {
    const since = Date.now();
    await this.hearsSilence(hertz, within);
    await this.hears(hertz, Math.max(since + within - Date.now(), 1));
  }

  /**
   * Waits until ICE has begun anew, which it had not with the fragment before, and the pitch is heard: both within so
   * many milliseconds. For where the old path is dead already: silence may be over before anybody listens for it.
   */
  async hearsAfterRestart(hertz: number, fragmentBefore: string, within: number): Promise<void> {
    const since = Date.now();
    await expect
      .poll(() => this.iceFragment(), { message: "another path", timeout: within, intervals: [50] })
      .not.toBe(fragmentBefore);
    await this.hears(hertz, Math.max(since + within - Date.now(), 1));
  }

  /** Listens for pitches while something happens. */
  async during(pitches: readonly number[], what: () => Promise<void>): Promise<Recording> {
    const recorder = await record(this.#page, pitches, HEARD_DB);
    await what();
    return recorder.stop();
  }

  /** Waits until some tone is heard, at most so many milliseconds. */
  async hearsTone(within = 2_000): Promise<void> {
    await expect
      .poll(() => this.#tonePeak(), { message: "a tone", timeout: within, intervals: [50] })
      .toBeGreaterThan(TONE_PEAK);
  }

  /** Waits until no tone is played and none is heard: a pause within a tone does not count. */
  async hearsNoTone(within = 1_000): Promise<void> {
    const soon = { timeout: within, intervals: [50] };
    await expect.poll(() => this.#tonesGoingOn(), { message: "tones going on", ...soon }).toBe(0);
    await expect
      .poll(() => this.#tonePeak(), { message: "no tone", ...soon })
      .toBeLessThan(TONE_PEAK);
  }

  /** Waits until a tone pauses. */
  async hearsPause(within = 2_000): Promise<void> {
    await expect
      .poll(() => this.#tonePeak(), { message: "a pause", timeout: within, intervals: [50] })
      .toBeLessThan(TONE_PEAK);
  }

  /** The tones that the page started since a time by `Date.now()`, and when. */
  async tones(since = 0): Promise<{ sound: Sound; at: number }[]> {
    const started = await this.#page.evaluate(
      () => (globalThis as unknown as { witness: Witness }).witness.tones,
    );
    return started
      .filter(({ at }) => at >= since)
      .map((tone) => ({ sound: soundOf(tone), at: tone.at }));
  }

  /** What the call's status line said so far, and when by `Date.now()`. */
  statuses(): Promise<{ at: number; text: string }[]> {
    return this.#page.evaluate(
      () => (globalThis as unknown as { witness: Witness }).witness.statuses,
    );
  }

  /** The titles of the notifications that the page raised. */
  notifications(): Promise<string[]> {
    return this.#page.evaluate(
      () => (globalThis as unknown as { witness: Witness }).witness.notifications,
    );
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

  /** The way that the newest connection's packets go, by the kinds of its two ends. */
  async way(): Promise<"direct" | "relayed" | "none"> {
    const kinds = (await this.#ends()).map(({ candidateType }) => candidateType);
    if (kinds.includes(undefined)) return "none";
    return kinds.includes("relay") ? "relayed" : "direct";
  }

  /** The device's own address of that way, as the browser knows it. */
  async ownAddress(): Promise<string | undefined> {
    return (await this.#ends())[0]?.address;
  }

  /** How this device reaches the relay, where the way goes through one that is its own. */
  async wayToRelay(): Promise<string | undefined> {
    return (await this.#ends())[0]?.relayProtocol;
  }

  /** The candidates of the newest connection's chosen pair, the own one first; empty ones where there is no such pair. */
  #ends(): Promise<CandidateStats[]> {
    return this.#page.evaluate(async () => {
      const { connections } = (globalThis as unknown as { witness: Witness }).witness;
      const reports = new Map<string, Record<string, string>>();
      (await connections.at(-1)?.getStats())?.forEach((report: Record<string, string>) => {
        reports.set(report["id"] ?? "", report);
      });
      const of = (id = ""): Record<string, string> => reports.get(id) ?? {};
      const transport = [...reports.values()].find(({ type }) => type === "transport");
      const pair = of(transport?.["selectedCandidatePairId"]);
      return [of(pair["localCandidateId"]), of(pair["remoteCandidateId"])];
    });
  }

  /** What the newest connection tried, for the report of a story that failed. */
  triedPaths(): Promise<string> {
    return this.#page.evaluate(async () => {
      const { connections } = (globalThis as unknown as { witness: Witness }).witness;
      const lines: string[] = [];
      (await connections.at(-1)?.getStats())?.forEach((report: { type: string }) => {
        if (/candidate|transport/.test(report.type)) lines.push(JSON.stringify(report));
      });
      return lines.join("\n");
    });
  }

  /** Packets of sound that the newest connection sent so far. */
  packetsSent(): Promise<number> {
    return this.#sum("outbound-rtp", "packetsSent");
  }

  /**
   * Packets of sound of all connections that the page ever made, closed ones too. For what must be nothing: of a
   * connection that was negotiated again the last part counts.
   */
  trafficEver(): Promise<Traffic> {
    return this.#page.evaluate(async () => {
      const { traffic, trafficOf, connections } = (globalThis as unknown as { witness: Witness })
        .witness;
      const open = connections.filter(({ connectionState }) => connectionState !== "closed");
      const all = await Promise.all([...traffic, ...open.map(trafficOf)]);
      return {
        sent: all.reduce((sum, { sent }) => sum + sent, 0),
        received: all.reduce((sum, { received }) => sum + received, 0),
      };
    });
  }

  /** How many bytes of sound a packet has on average, of those that are sent in a second from now on. */
  async bytesPerPacket(): Promise<number> {
    const [bytes, packets] = [
      await this.#sum("outbound-rtp", "bytesSent"),
      await this.packetsSent(),
    ];
    await expect.poll(() => this.packetsSent(), { intervals: [100] }).toBeGreaterThan(packets + 40);
    const [bytesNow, packetsNow] = [
      await this.#sum("outbound-rtp", "bytesSent"),
      await this.packetsSent(),
    ];
    return (bytesNow - bytes) / (packetsNow - packets);
  }

  /** Packets of sound that the newest connection received so far. */
  packetsReceived(): Promise<number> {
    return this.#sum("inbound-rtp", "packetsReceived");
  }

  /** Packets of whatever kind that the newest connection took from its path (webrtc-stats `RTCTransportStats`). */
  packetsTaken(): Promise<number> {
    return this.#sum("transport", "packetsReceived");
  }

  /** Packets of whatever kind that the newest connection put on its path. */
  packetsGiven(): Promise<number> {
    return this.#sum("transport", "packetsSent");
  }

  /** Packets of sound that were sent to the newest connection and never came. */
  packetsLost(): Promise<number> {
    return this.#sum("inbound-rtp", "packetsLost");
  }

  /** Samples of the newest connection that the browser had to make up because nothing that came had them. */
  samplesMadeUp(): Promise<number> {
    return this.#sum("inbound-rtp", "concealedSamples");
  }

  /**
   * After the call: every microphone is stopped and every connection closed. That it took at most
   * 500 ms is looked after in the page (`witness.ts`), where a busy machine does not falsify it.
   */
  async expectNothingHeld(): Promise<void> {
    const soon = { timeout: 5_000, intervals: [50] };
    await expect.poll(() => this.liveTracks(), { message: "live tracks", ...soon }).toBe(0);
    await expect
      .poll(() => this.openConnections(), { message: "open connections", ...soon })
      .toBe(0);
  }

  #sum(kind: string, count: Count): Promise<number> {
    return this.#page.evaluate(
      async ([type, name]) => {
        const { connections } = (globalThis as unknown as { witness: Witness }).witness;
        const reports = await connections.at(-1)?.getStats();
        let sum = 0;
        reports?.forEach((report: { type: string } & Partial<Record<typeof name, number>>) => {
          if (report.type === type) sum += report[name] ?? 0;
        });
        return sum;
      },
      [kind, count] as const,
    );
  }

  #tonesGoingOn(): Promise<number> {
    return this.#page.evaluate(
      () =>
        (globalThis as unknown as { witness: Witness }).witness.tones.filter(({ over }) => !over)
          .length,
    );
  }

  /** The loudest sample of the last sixth of a second among the page's tones. */
  #tonePeak(): Promise<number> {
    return this.#page.evaluate(() => {
      const { taps } = (globalThis as unknown as { witness: Witness }).witness;
      const peaks = taps.map((tap) => {
        // What a context played last stays in its tap when it sleeps.
        if (tap.context.state !== "running") return 0;
        const samples = new Float32Array(tap.fftSize);
        tap.getFloatTimeDomainData(samples);
        return samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0);
      });
      return Math.max(0, ...peaks);
    });
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
        // A context that nobody closes works on for ever, and a browser does not get slower by listening.
        await (page.ear?.analyser.context as AudioContext | undefined)?.close();
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
