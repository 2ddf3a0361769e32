// The socket: `hello`, `welcome`, requests, heartbeat, and coming back after a break.
//
// It holds at most one WebSocket. Whatever ends that one, except the end of the session or a
// version that the server does not speak, is followed by another after `reconnectDelay`.

import {
  CLOSE_SESSION_ENDED,
  CLOSE_UNAUTHENTICATED,
  CLOSE_UNSUPPORTED,
  PONG_DEADLINE_IN_CALL_MS,
  PONG_DEADLINE_MS,
  PROTOCOL_VERSION,
  SILENCE_LIMIT_MS,
} from "../protocol/constants";
import type { ClientFrame } from "../protocol/ClientFrame";
import type { DeviceId } from "../protocol/DeviceId";
import type { Opening } from "../protocol/Opening";
import type { Outcome } from "../protocol/Outcome";
import type { RequestBody } from "../protocol/RequestBody";
import type { ServerFrame } from "../protocol/ServerFrame";
import type { Welcome } from "../protocol/Welcome";

import type { Line, LineListener, RequestOptions } from "./line";
import { Disconnected } from "./line";
import { reconnectDelay } from "./reconnect";
import { Requests } from "./requests";
import { SignedOut } from "./session";

/** Milliseconds that a line must hold before a break counts as a first one again. */
const STEADY_AFTER = 10_000;
/** Milliseconds from dialling to the first word of the server; a dial into nothing would take minutes to fail. */
const DIAL_LIMIT = 8_000;

/** How the line stands. */
export type LineState =
  | { is: "connecting" }
  | { is: "open" }
  /** Down; the next attempt is at `until`, by `Date.now()`. */
  | { is: "waiting"; until: number }
  /** Down for good. */
  | { is: "closed"; why: "session_ended" | "unsupported" | "disposed" };

/** The part of a WebSocket that is used. */
export type WebSocketLike = Pick<WebSocket, "send" | "close" | "readyState"> & {
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
};

export interface SocketPorts {
  open(): WebSocketLike;
  /** The token to say hello with; may refresh the session first. */
  token(): Promise<string>;
  /** A new token in place of one that the server refused. */
  renew(): Promise<string>;
  device: DeviceId;
  random?: () => number;
  /** The calendar, for {@link LineState}. */
  now?: () => number;
  /** Milliseconds that never go back, for the age of requests. */
  clock?: () => number;
}

export class Socket implements Line {
  #state: LineState = { is: "connecting" };
  #webSocket: WebSocketLike | null = null;
  #attempt = 0;
  #refused = false;
  #comeBackAfter: number | null = null;
  #dialling = 0;
  #isInCall = false;
  #redial: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #doubt: ReturnType<typeof setTimeout> | undefined;
  #steady: ReturnType<typeof setTimeout> | undefined;
  readonly #requests: Requests;
  readonly #listeners = new Set<LineListener>();
  readonly #ports: SocketPorts;
  readonly #onState: (state: LineState) => void;

  constructor(ports: SocketPorts, onState: (state: LineState) => void) {
    this.#ports = ports;
    this.#onState = onState;
    this.#requests = new Requests(ports.clock ?? (() => performance.now()));
  }

  get open(): boolean {
    return this.#state.is === "open";
  }

  /** Dials, at once, unless the line is open, being dialled or closed for good. */
  connect(): void {
    if (this.#webSocket !== null || this.#state.is === "closed") return;
    if (this.#state.is === "connecting" && this.#dialling > 0) return;
    clearTimeout(this.#redial);
    this.#setState({ is: "connecting" });
    this.#dialling += 1;
    void this.#dial(this.#dialling);
  }

  /** The network is another one: what was dialled by the old one is given up without waiting for its silence. */
  redial(): void {
    if (this.#state.is === "closed") return;
    const wasOpen = this.open;
    this.#detach();
    // A dial that waits for a token is left alone by this.
    this.#dialling += 1;
    this.#attempt = 0;
    this.#comeBackAfter = null;
    if (wasOpen) this.#requests.down();
    this.#wait();
    if (wasOpen) this.#tellDown();
  }

  check(): void {
    if (!this.open) return this.connect();
    this.#send({ type: "ping" });
    const deadline = this.#isInCall ? PONG_DEADLINE_IN_CALL_MS : PONG_DEADLINE_MS;
    this.#doubt ??= setTimeout(() => this.#closed(0), deadline);
  }

  request(body: RequestBody, { resend = false }: RequestOptions = {}): Promise<Outcome> {
    if (this.#state.is === "closed" || (!resend && !this.open)) {
      return Promise.reject(new Disconnected());
    }
    const { frame, answer } = this.#requests.add(body, resend);
    if (this.open) this.#send(frame);
    return answer;
  }

  inCall(wanted: boolean): void {
    if (wanted === this.#isInCall) return;
    this.#isInCall = wanted;
    // What waits for longer than it should now is dialled at once.
    if (wanted && this.#state.is === "waiting") this.connect();
  }

  listen(listener: LineListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Hands the server the session's new access token. A line that is down takes it at `hello`. */
  renewed(token: string): void {
    // A refusal closes the socket, and that is dealt with there.
    this.request({ type: "renew", token }).catch(() => undefined);
  }

  /** Hangs up for good. */
  dispose(): void {
    this.#close("disposed");
  }

  async #dial(dialling: number): Promise<void> {
    try {
      const token = await (this.#refused ? this.#ports.renew() : this.#ports.token());
      if (dialling !== this.#dialling || this.#state.is !== "connecting") return;
      this.#refused = false;
      this.#attach(this.#ports.open(), token);
    } catch (error) {
      if (dialling !== this.#dialling || this.#state.is !== "connecting") return;
      if (error instanceof SignedOut) this.#close("session_ended");
      else this.#wait();
    }
  }

  #attach(webSocket: WebSocketLike, token: string): void {
    this.#webSocket = webSocket;
    this.#heard(DIAL_LIMIT);
    webSocket.onopen = () => {
      const hello: Opening = {
        type: "hello",
        token,
        device: this.#ports.device,
        protocol: PROTOCOL_VERSION,
      };
      webSocket.send(JSON.stringify(hello));
    };
    webSocket.onmessage = ({ data }) => {
      this.#heard();
      const frame = parse(data);
      if (frame !== null) this.#receive(frame);
    };
    webSocket.onclose = ({ code }) => this.#closed(code);
  }

  #receive(frame: ServerFrame): void {
    switch (frame.type) {
      case "welcome":
        return this.#welcome(frame);
      case "ok":
        return this.#requests.ok(frame.id, frame.outcome);
      case "error":
        return this.#requests.error(frame);
      case "ping":
        return this.#send({ type: "pong" });
      case "pong":
        return this.#doubtless();
      case "going_away":
        this.#comeBackAfter = frame.reconnect_after;
        break;
      default:
        break;
    }
    for (const listener of [...this.#listeners]) listener.frame?.(frame);
  }

  #welcome(welcome: Welcome): void {
    this.#setState({ is: "open" });
    this.#steady = setTimeout(() => (this.#attempt = 0), STEADY_AFTER);
    // What a listener requests now goes out at once and must not go out a second time.
    const unanswered = this.#requests.unanswered();
    for (const listener of [...this.#listeners]) listener.welcome?.(welcome);
    for (const frame of unanswered) this.#send(frame);
  }

  #send(frame: ClientFrame): void {
    if (this.#webSocket?.readyState === 1) this.#webSocket.send(JSON.stringify(frame));
  }

  /** Something came: the line is given up only after as much silence again. */
  #heard(limit = SILENCE_LIMIT_MS): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#closed(0), limit);
  }

  /** The server heard what was asked. That frames come proves nothing: after a change of route they may still, and nothing goes. */
  #doubtless(): void {
    clearTimeout(this.#doubt);
    this.#doubt = undefined;
  }

  #stopListening(): void {
    clearTimeout(this.#silence);
    this.#doubtless();
  }

  #closed(code: number): void {
    this.#detach();
    if (code === CLOSE_SESSION_ENDED) return this.#close("session_ended");
    if (code === CLOSE_UNSUPPORTED) return this.#close("unsupported");
    if (code === CLOSE_UNAUTHENTICATED) this.#refused = true;
    this.#requests.down();
    this.#wait();
    this.#tellDown();
  }

  #wait(): void {
    const random = (this.#ports.random ?? Math.random)();
    const delay = this.#comeBackAfter ?? reconnectDelay(this.#attempt, random, this.#isInCall);
    this.#comeBackAfter = null;
    this.#attempt += 1;
    clearTimeout(this.#redial);
    this.#setState({ is: "waiting", until: (this.#ports.now ?? Date.now)() + delay });
    this.#redial = setTimeout(() => this.connect(), delay);
  }

  #close(why: "session_ended" | "unsupported" | "disposed"): void {
    if (this.#state.is === "closed") return;
    this.#detach();
    clearTimeout(this.#redial);
    this.#setState({ is: "closed", why });
    this.#requests.close();
    this.#tellDown();
  }

  /** Lets go of the WebSocket; nothing of it is heard any more. */
  #detach(): void {
    this.#stopListening();
    clearTimeout(this.#steady);
    const webSocket = this.#webSocket;
    this.#webSocket = null;
    if (webSocket === null) return;
    webSocket.onopen = webSocket.onmessage = webSocket.onclose = null;
    webSocket.close(1000);
  }

  #tellDown(): void {
    for (const listener of [...this.#listeners]) listener.down?.();
  }

  #setState(state: LineState): void {
    this.#state = state;
    this.#onState(state);
  }
}

function parse(data: unknown): ServerFrame | null {
  if (typeof data !== "string") return null;
  try {
    const frame: unknown = JSON.parse(data);
    return typeof frame === "object" && frame !== null && "type" in frame
      ? (frame as ServerFrame)
      : null;
  } catch {
    return null;
  }
}

/** Where the socket of the server that sent this page is. */
export function socketAddress({ protocol, host }: Pick<Location, "protocol" | "host">): string {
  return `${protocol === "https:" ? "wss:" : "ws:"}//${host}/api/v1/socket`;
}
