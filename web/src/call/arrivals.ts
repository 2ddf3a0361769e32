// Whether sound of the other side arrives, by its packets and not by what is played: a browser may hold the sound back.
//
// Chromium counts from nothing again after a new negotiation, so a number smaller than the one before is that of a new
// stream and says by itself how many came.

/** What `RTCStatsReport` holds of a stream that arrives (webrtc-stats `RTCReceivedRtpStreamStats`). */
interface InboundStats {
  readonly type: string;
  readonly packetsReceived?: number;
}

export class Arrivals {
  #packets = 0;

  /** Whether packets came since it was asked last. */
  came(stats: Iterable<unknown>): boolean {
    let packets = 0;
    for (const report of stats as Iterable<InboundStats>) {
      if (report.type === "inbound-rtp") packets += report.packetsReceived ?? 0;
    }
    const before = packets < this.#packets ? 0 : this.#packets;
    this.#packets = packets;
    return packets > before;
  }
}
