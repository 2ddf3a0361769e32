import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Belongings } from "./belongings";
import { ControlChannel, drained } from "./controlChannel";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("what cannot be read is passed over, what can is told", () => {
  const { channel, told } = make();
  channel.dispatchEvent(new Event("open"));
  channel.receive("{");
  channel.receive('{"type":"hang_up"}');
  channel.receive('{"type":"dance"}');
  channel.receive(new ArrayBuffer(4));
  expect(told).toEqual(["open", { type: "hang_up" }]);
});

test("nothing is said before the channel is open, and nothing is told once the call is gone", () => {
  const { channel, control, belongings, told } = make();
  channel.readyState = "connecting";
  control.send({ type: "leaving" });
  expect(channel.sent).toEqual([]);
  channel.readyState = "open";
  control.send({ type: "leaving" });
  expect(channel.sent).toEqual(['{"type":"leaving"}']);
  belongings.close();
  channel.receive('{"type":"hang_up"}');
  expect(told).toEqual([]);
});

test("a flood is passed over, and a second later the other side is read again", async () => {
  const { channel, told, belongings } = make();
  for (let i = 0; i < 1000; i += 1) channel.receive('{"type":"leaving"}');
  expect(told).toHaveLength(50);
  await vi.advanceTimersByTimeAsync(1000);
  channel.receive('{"type":"hang_up"}');
  expect(told.at(-1)).toEqual({ type: "hang_up" });
  belongings.close();
});

test("a goodbye waits until the last word has left", async () => {
  const channel = new FakeChannel();
  channel.bufferedAmount = 20;
  const settled = settles(drained(channel, 200));
  await vi.advanceTimersByTimeAsync(50);
  expect(settled()).toBe(false);
  channel.bufferedAmount = 0;
  channel.dispatchEvent(new Event("bufferedamountlow"));
  await vi.advanceTimersByTimeAsync(0);
  expect(settled()).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

test("a goodbye over a dead path ends after 200 ms", async () => {
  const channel = new FakeChannel();
  channel.bufferedAmount = 20;
  const settled = settles(drained(channel, 200));
  await vi.advanceTimersByTimeAsync(199);
  expect(settled()).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(settled()).toBe(true);
});

test.each([
  ["is not open", "connecting", 20],
  ["has nothing left to send", "open", 0],
] as const)("nobody waits for a channel that %s", async (_, readyState, bufferedAmount) => {
  const channel = new FakeChannel();
  Object.assign(channel, { readyState, bufferedAmount });
  const settled = settles(drained(channel, 200));
  await vi.advanceTimersByTimeAsync(0);
  expect(settled()).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

class FakeChannel extends EventTarget {
  readyState: RTCDataChannelState = "open";
  bufferedAmount = 0;
  sent: string[] = [];

  send(text: string): void {
    this.sent.push(text);
  }

  receive(data: unknown): void {
    this.dispatchEvent(new MessageEvent("message", { data }));
  }
}

function make(): {
  channel: FakeChannel;
  control: ControlChannel;
  belongings: Belongings;
  told: unknown[];
} {
  const channel = new FakeChannel();
  const rtc = { createDataChannel: () => channel } as unknown as RTCPeerConnection;
  const belongings = new Belongings();
  const told: unknown[] = [];
  const control = new ControlChannel(
    rtc,
    { controlOpened: () => told.push("open"), control: (message) => told.push(message) },
    belongings,
  );
  return { channel, control, belongings, told };
}

function settles(promise: Promise<void>): () => boolean {
  let settled = false;
  void promise.then(() => (settled = true));
  return () => settled;
}
