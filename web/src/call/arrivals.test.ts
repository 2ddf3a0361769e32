import { describe, expect, it } from "vitest";

import { Arrivals } from "./arrivals";

const received = (packetsReceived: number): object[] => [
  { type: "outbound-rtp", packetsSent: 99 },
  { type: "inbound-rtp", packetsReceived },
];

describe("Arrivals", () => {
  it("says so while packets come, and not while none do", () => {
    const arrivals = new Arrivals();
    expect(arrivals.came([])).toBe(false);
    expect(arrivals.came(received(1))).toBe(true);
    expect(arrivals.came(received(26))).toBe(true);
    expect(arrivals.came(received(26))).toBe(false);
    expect(arrivals.came(received(27))).toBe(true);
  });

  it("hears a stream that counts from nothing after a new negotiation, however long the one before was", () => {
    const arrivals = new Arrivals();
    arrivals.came(received(30_000));
    expect(arrivals.came(received(12))).toBe(true);
    expect(arrivals.came(received(37))).toBe(true);
  });

  it("does not take a stream that is gone or has nothing yet for sound", () => {
    const arrivals = new Arrivals();
    arrivals.came(received(300));
    expect(arrivals.came([])).toBe(false);
    expect(arrivals.came(received(0))).toBe(false);
    expect(arrivals.came(received(1))).toBe(true);
  });
});
