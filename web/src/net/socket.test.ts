import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { ServerFrame } from "../protocol/ServerFrame";
import type { Welcome } from "../protocol/Welcome";

import { Disconnected, RequestRefused } from "./line";
import { SignedOut } from "./session";
import type { LineState, WebSocketLike } from "./socket";
import { Socket, socketAddress } from "./socket";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("hello carries token, device and version, and welcome opens the line", async () => {
  const { socket, dialled, states } = await connected();
  expect(JSON.parse(dialled[0]?.sent[0] ?? "")).toEqual({
    type: "hello",
    token: "token-1",
    device: "device",
    protocol: 1,
  });
  expect(socket.open).toBe(true);
  expect(states.at(-1)).toEqual({ is: "open" });
});

test("a ping is answered with pong", async () => {
  const { last } = await connected();
  last().receive({ type: "ping" });
  expect(last().sent.at(-1)).toBe('{"type":"pong"}');
});

test("each request gets its own answer, in whatever order answers come", async () => {
  const { socket, last } = await connected();
  const first = socket.request({ type: "hang_up", call: "a", heard_ago: null });
  const second = socket.request({ type: "hang_up", call: "b", heard_ago: null });
  const [one, two] = last().requests();
  last().receive({ type: "error", id: two?.id ?? 0, code: "wrong_state", message: "It is over." });
  last().receive({ type: "ok", id: one?.id ?? 0, outcome: { type: "done" } });
  last().receive({ type: "ok", id: one?.id ?? 0, outcome: { type: "done" } });
  await expect(first).resolves.toEqual({ type: "done" });
  await expect(second).rejects.toEqual(new RequestRefused("wrong_state", "It is over."));
});

test("after a break, requests marked so are sent again under the same id and others fail", async () => {
  const { socket, last, dialled } = await connected();
  const kept = socket.request({ type: "mark_read", conversation: "c", seq: 1 }, { resend: true });
  const lost = socket.request({ type: "typing", conversation: "c", active: true });
  const frame = last().requests()[0];
  last().close(1006);
  await expect(lost).rejects.toBeInstanceOf(Disconnected);
  await vi.advanceTimersByTimeAsync(0);
  expect(dialled).toHaveLength(2);
  await last().accept();
  expect(last().requests()).toEqual([{ ...frame, age: 0 }]);
  last().receive({ type: "ok", id: frame?.id ?? 0, outcome: { type: "done" } });
  await expect(kept).resolves.toEqual({ type: "done" });
});

test("a request made while the line is down goes out once it is open, or fails at once", async () => {
  const { socket, last } = await connected();
  last().close(1006);
  const kept = socket.request({ type: "accept_contact", conversation: "c" }, { resend: true });
  await expect(
    socket.request({ type: "hang_up", call: "a", heard_ago: null }),
  ).rejects.toBeInstanceOf(Disconnected);
  await vi.advanceTimersByTimeAsync(0);
  await last().accept();
  expect(last().requests()).toHaveLength(1);
  last().receive({ type: "ok", id: last().requests()[0]?.id ?? 0, outcome: { type: "done" } });
  await expect(kept).resolves.toEqual({ type: "done" });
});

test("a request that waited for the line, or is sent again, says how long ago it was wanted", async () => {
  const { socket, last } = await connected();
  const wanted = (call: string) =>
    void socket.request({ type: "hang_up", call, heard_ago: null }, { resend: true });
  wanted("sent before the break");
  expect(last().requests()[0]).not.toHaveProperty("age");
  await vi.advanceTimersByTimeAsync(2_000);
  last().close(1006);
  wanted("made while the line was down");
  await vi.advanceTimersByTimeAsync(0);
  await vi.advanceTimersByTimeAsync(700);
  // A calendar that jumps changes nothing.
  vi.setSystemTime(0);
  await last().accept();
  expect(last().requests()).toMatchObject([
    { call: "sent before the break", age: 2_700 },
    { call: "made while the line was down", age: 700 },
  ]);
  last().close(1006);
  await vi.advanceTimersByTimeAsync(1_000);
  await last().accept();
  expect(last().requests()).toMatchObject([{ age: 3_700 }, { age: 1_700 }]);
});

test("what a listener requests on the snapshot goes out once", async () => {
  const { socket, last } = await connected();
  socket.listen({
    welcome: () =>
      void socket.request({ type: "hang_up", call: "a", heard_ago: null }, { resend: true }),
  });
  last().close(1006);
  await vi.advanceTimersByTimeAsync(0);
  await last().accept();
  expect(last().requests()).toHaveLength(1);
});

test("attempts back off while they fail, and start over after a line that held", async () => {
  const { dialled, last, states } = await connected();
  await vi.advanceTimersByTimeAsync(10_000);
  last().close(1006);
  for (const delay of [0, 300, 1_200]) {
    expect(states.at(-1)).toEqual({ is: "waiting", until: Date.now() + delay });
    await vi.advanceTimersByTimeAsync(delay);
    last().close(1006);
  }
  expect(dialled).toHaveLength(4);
});

test("in a call a server that was long away is dialled at once and then every few seconds", async () => {
  const { socket, dialled, last, states } = await connected();
  last().close(1006);
  for (const delay of [0, 300, 1_200, 2_700, 4_800]) {
    await vi.advanceTimersByTimeAsync(delay);
    last().close(1006);
  }
  expect(states.at(-1)).toEqual({ is: "waiting", until: Date.now() + 7_000 });
  const before = dialled.length;
  socket.inCall(true);
  await vi.advanceTimersByTimeAsync(0);
  expect(dialled).toHaveLength(before + 1);
  last().close(1006);
  expect(states.at(-1)).toEqual({ is: "waiting", until: Date.now() + 3_000 });
});

test("on another network the line is dialled at once, however it seemed to stand", async () => {
  const { socket, dialled, last } = await connected();
  const kept = socket.request({ type: "mark_read", conversation: "c", seq: 1 }, { resend: true });
  socket.redial();
  expect(socket.open).toBe(false);
  expect(dialled[0]?.readyState).toBe(3);
  await vi.advanceTimersByTimeAsync(0);
  expect(dialled).toHaveLength(2);
  // The new network may be another one again before that is open.
  socket.redial();
  await vi.advanceTimersByTimeAsync(0);
  expect(dialled).toHaveLength(3);
  await last().accept();
  last().receive({ type: "ok", id: last().requests()[0]?.id ?? 0, outcome: { type: "done" } });
  await expect(kept).resolves.toEqual({ type: "done" });
});

test("another network ends the waiting for the next attempt, and the back-off with it", async () => {
  const { socket, dialled, last, states } = await connected();
  last().close(1006);
  for (const delay of [0, 300, 1_200, 2_700]) {
    await vi.advanceTimersByTimeAsync(delay);
    last().close(1006);
  }
  const before = dialled.length;
  socket.redial();
  await vi.advanceTimersByTimeAsync(0);
  expect(dialled).toHaveLength(before + 1);
  last().close(1006);
  expect(states.at(-1)).toEqual({ is: "waiting", until: Date.now() + 300 });
});

test("a line in doubt is asked, kept where the server answers and dialled anew where it is silent", async () => {
  const { socket, dialled, last } = await connected();
  socket.check();
  expect(last().sent.at(-1)).toBe('{"type":"ping"}');
  await vi.advanceTimersByTimeAsync(1_999);
  last().receive({ type: "pong" });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(dialled).toHaveLength(1);
  socket.check();
  await vi.advanceTimersByTimeAsync(1_000);
  // Asked again it does not wait for longer.
  socket.check();
  await vi.advanceTimersByTimeAsync(1_001);
  expect(dialled).toHaveLength(2);
});

test("a line in doubt on which frames come but no answer is dialled anew: it may be open in one direction only", async () => {
  const { socket, dialled, last } = await connected();
  socket.check();
  await vi.advanceTimersByTimeAsync(1_999);
  last().receive({ type: "ping" });
  expect(dialled).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(2);
  expect(dialled).toHaveLength(2);
});

test("a line in doubt has less time to answer while a call is under way", async () => {
  const { socket, dialled } = await connected();
  socket.inCall(true);
  socket.check();
  await vi.advanceTimersByTimeAsync(999);
  expect(dialled).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(2);
  expect(dialled).toHaveLength(2);
});

test("a dial that nobody answers is given up", async () => {
  const { dialled, last } = await connected();
  last().close(1006);
  await vi.advanceTimersByTimeAsync(0);
  expect(dialled).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(8_300);
  expect(dialled).toHaveLength(3);
});

test("a line that is opened and closed again at once does not spin", async () => {
  const { last, states } = await connected();
  last().close(1013);
  await vi.advanceTimersByTimeAsync(0);
  await last().accept();
  last().close(1013);
  expect(states.at(-1)).toEqual({ is: "waiting", until: Date.now() + 300 });
});

test("silence ends a line that the network forgot", async () => {
  const { dialled, last } = await connected();
  await vi.advanceTimersByTimeAsync(14_000);
  last().receive({ type: "ping" });
  await vi.advanceTimersByTimeAsync(14_000);
  expect(dialled).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1_001);
  expect(dialled).toHaveLength(2);
});

test("a server that goes away is given the time that it asked for", async () => {
  const { last, states } = await connected();
  last().receive({ type: "going_away", reconnect_after: 4_321 });
  last().close(1012);
  expect(states.at(-1)).toEqual({ is: "waiting", until: Date.now() + 4_321 });
});

test("a refused token is replaced before the next attempt", async () => {
  const { last } = await connected();
  last().close(4401);
  await vi.advanceTimersByTimeAsync(0);
  await last().accept();
  expect(JSON.parse(last().sent[0] ?? "")).toMatchObject({ token: "renewed" });
});

test("the end of the session closes the line for good and fails what waits", async () => {
  const { socket, last, dialled, states } = await connected();
  const request = socket.request({ type: "accept_contact", conversation: "c" }, { resend: true });
  last().close(4403);
  await expect(request).rejects.toBeInstanceOf(Disconnected);
  expect(states.at(-1)).toEqual({ is: "closed", why: "session_ended" });
  await vi.advanceTimersByTimeAsync(60_000);
  socket.connect();
  expect(dialled).toHaveLength(1);
});

test("a session that cannot be refreshed ends the line, an unreachable server does not", async () => {
  const failures = [new Error("no network"), new SignedOut()];
  const { states } = dial({ token: () => Promise.reject(failures.shift() ?? new Error("more")) });
  await vi.advanceTimersByTimeAsync(0);
  expect(states.map(({ is }) => is)).toEqual(["connecting", "waiting", "connecting", "closed"]);
});

test("a version that is not spoken here is told apart", async () => {
  const { last, states } = await connected();
  last().close(4406);
  expect(states.at(-1)).toEqual({ is: "closed", why: "unsupported" });
});

test("coming back at once cuts the wait short and dials only once", async () => {
  const { socket, last, dialled } = await connected();
  for (const delay of [0, 300]) {
    last().close(1006);
    await vi.advanceTimersByTimeAsync(delay);
  }
  last().close(1006);
  socket.connect();
  socket.connect();
  await vi.advanceTimersByTimeAsync(0);
  expect(dialled).toHaveLength(4);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(dialled).toHaveLength(4);
});

test("listeners hear frames and breaks until they leave", async () => {
  const { socket, last } = await connected();
  const heard: string[] = [];
  const leave = socket.listen({
    frame: ({ type }) => heard.push(type),
    down: () => heard.push("down"),
  });
  last().receive({ type: "typing", conversation: "c", active: true });
  last().close(1006);
  leave();
  await vi.advanceTimersByTimeAsync(0);
  await last().accept();
  last().receive({ type: "typing", conversation: "c", active: false });
  expect(heard).toEqual(["typing", "down"]);
});

test("what is no frame is ignored", async () => {
  const { socket, last } = await connected();
  last().onmessage?.({ data: "{" } as MessageEvent);
  last().onmessage?.({ data: new ArrayBuffer(1) } as MessageEvent);
  last().onmessage?.({ data: "null" } as MessageEvent);
  expect(socket.open).toBe(true);
});

test("the socket is where the page is", () => {
  expect(socketAddress({ protocol: "https:", host: "a.example" })).toBe(
    "wss://a.example/api/v1/socket",
  );
  expect(socketAddress({ protocol: "http:", host: "localhost:8080" })).toBe(
    "ws://localhost:8080/api/v1/socket",
  );
});

class FakeWebSocket implements WebSocketLike {
  readyState: 0 | 1 | 2 | 3 = 0;
  sent: string[] = [];
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;

  send(data: string): void {
    this.sent.push(data);
  }

  /** The server takes the connection and welcomes. */
  async accept(): Promise<void> {
    this.readyState = 1;
    this.onopen?.({} as Event);
    this.receive({ type: "welcome", ...({} as Welcome) });
    await Promise.resolve();
  }

  receive(frame: ServerFrame): void {
    this.onmessage?.({ data: JSON.stringify(frame) } as MessageEvent);
  }

  close(code = 1000): void {
    this.readyState = 3;
    this.onclose?.({ code } as CloseEvent);
  }

  requests(): { id: number; type: string }[] {
    return this.sent
      .map((frame) => JSON.parse(frame) as { id?: number; type: string })
      .filter((frame): frame is { id: number; type: string } => frame.id !== undefined);
  }
}

function dial(ports: { token?: () => Promise<string> } = {}): {
  socket: Socket;
  dialled: FakeWebSocket[];
  states: LineState[];
  last: () => FakeWebSocket;
} {
  const dialled: FakeWebSocket[] = [];
  const states: LineState[] = [];
  const socket = new Socket(
    {
      open: () => {
        const webSocket = new FakeWebSocket();
        dialled.push(webSocket);
        return webSocket;
      },
      token: ports.token ?? (() => Promise.resolve("token-1")),
      renew: () => Promise.resolve("renewed"),
      device: "device",
      random: () => 0,
    },
    (state) => states.push(state),
  );
  socket.connect();
  const last = (): FakeWebSocket => {
    const webSocket = dialled.at(-1);
    if (webSocket === undefined) throw new Error("nothing was dialled");
    return webSocket;
  };
  return { socket, dialled, states, last };
}

async function connected(): Promise<ReturnType<typeof dial>> {
  const dialling = dial();
  await vi.advanceTimersByTimeAsync(0);
  await dialling.last().accept();
  return dialling;
}
