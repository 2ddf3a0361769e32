// The socket, as the rest of the client sees it: requests that get exactly one answer, and
// listeners that hear what the server sends. `socket.ts` implements it; tests make their own.

import type { ErrorCode } from "../protocol/ErrorCode";
import type { Outcome } from "../protocol/Outcome";
import type { RequestBody } from "../protocol/RequestBody";
import type { ServerFrame } from "../protocol/ServerFrame";
import type { Welcome } from "../protocol/Welcome";

/** A frame that a listener hears: all but answers, pings and the snapshot. */
export type PushFrame = Exclude<
  ServerFrame,
  { type: "welcome" | "ok" | "error" | "ping" | "pong" }
>;

/** Hears what happens on the line. */
export interface LineListener {
  /** The line is open (again). Whatever was known before is void. */
  welcome?(welcome: Welcome): void;
  /** The server sent something. */
  frame?(frame: PushFrame): void;
  /** The line is down; it is being redialled unless the session is over. */
  down?(): void;
}

/** How a request behaves when the line goes down before its answer. */
export interface RequestOptions {
  /** Sends it again after the next snapshot, with its age, instead of failing with {@link Disconnected}. */
  resend?: boolean;
}

/** One account's line to its server. */
export interface Line {
  /** Whether requests go out at once. */
  readonly open: boolean;
  /** Sends a request. Rejects with {@link RequestRefused} or {@link Disconnected}, with nothing else. */
  request(body: RequestBody, options?: RequestOptions): Promise<Outcome>;
  /** Says whether a call is under way: then a line that is down is dialled more often. */
  inCall(wanted: boolean): void;
  /** There is reason to doubt that the server is still at the other end: it is asked, and dialled anew where it is silent. */
  check(): void;
  /** Adds a listener and returns what takes it away. A snapshot that came before is not told again. */
  listen(listener: LineListener): () => void;
}

/** The server answered with an error. */
export class RequestRefused extends Error {
  override readonly name = "RequestRefused";

  constructor(
    /** The server's code. */
    readonly code: ErrorCode,
    /** The server's words for the person. */
    message: string,
    /** Milliseconds after which to try again, where the server named them. */
    readonly retryAfter?: number,
  ) {
    super(message);
  }
}

/** The line was down, or went down before the answer. */
export class Disconnected extends Error {
  override readonly name = "Disconnected";

  constructor() {
    super("There is no connection to the server.");
  }
}
