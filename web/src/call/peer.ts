// What the handset asks of its connection, one thing after the other.
//
// A peer decides nothing: not when to restart, not who gives way. It has at most one connection, which is
// made by the first offer or answer.

import { type ConnectionIdentity, ForgeryError } from "../identity/connectionIdentity";
import type { AttemptId } from "../protocol/AttemptId";
import type { CallDescription } from "../protocol/CallDescription";
import type { Candidate } from "../protocol/Candidate";
import type { ControlMessage } from "../protocol/ControlMessage";
import type { Role } from "../protocol/Role";
import type { Paths } from "./access";
import {
  Connection,
  type ConnectionEvents,
  type ConnectionLedger,
  type Levels,
} from "./connection";
import { redundancyReady } from "./redundancy";

/** What a connection signs with and checks with, for a call and this side of it. */
export type Identify = (attempt: AttemptId, role: Role) => ConnectionIdentity;

/** What a peer tells. Nothing is told after {@link Peer.close}. */
export interface PeerEvents extends ConnectionEvents {
  /** The browser could not use what the other side sent, or could not make a connection. */
  unusable(error: unknown): void;
}

export class Peer {
  readonly #paths: Paths;
  readonly #identify: Identify;
  readonly #events: PeerEvents;
  readonly #ledger: ConnectionLedger;
  #connection: Connection | null = null;
  #track: MediaStreamTrack | null = null;
  #tail = redundancyReady();
  #closed = false;

  constructor(paths: Paths, identify: Identify, events: PeerEvents, ledger: ConnectionLedger) {
    this.#paths = paths;
    this.#identify = identify;
    this.#events = events;
    this.#ledger = ledger;
  }

  /** Makes an offer, tells and sets it. → `described`, then `candidate`s */
  makeOffer(epoch: number, iceRestart: boolean, attempt: AttemptId, role: Role): void {
    this.#next(async () => {
      const connection = (this.#connection ??= this.#connect(attempt, role));
      connection.offerSound();
      await connection.attach(this.#track);
      await connection.describe(await connection.rtc.createOffer({ iceRestart }), epoch);
    });
  }

  /** Takes the other side's offer and sets the answer; an own offer that waits is rolled back. → as `makeOffer` */
  makeAnswer(offer: CallDescription, attempt: AttemptId, role: Role): void {
    this.#next(async () => {
      const connection = (this.#connection ??= this.#connect(attempt, role));
      // A waiting offer of one's own is rolled back by this. A first offer must not be: browsers would
      // keep its transceiver and give the other side's sound a second one (RFC 9429 §5.10).
      await connection.take(offer);
      connection.answerSound(offer);
      await connection.attach(this.#track);
      await connection.describe(await connection.rtc.createAnswer(), offer.epoch);
    });
  }

  /** Takes the other side's answer to the newest own offer. */
  useAnswer(answer: CallDescription): void {
    this.#next(() => this.#existing().take(answer));
  }

  /** Takes addresses of the other side's newest description. */
  addCandidates(candidates: readonly Candidate[]): void {
    this.#next(() => this.#existing().add(candidates));
  }

  /** Sends what a track captures from now on; nothing sends nothing. Nothing is negotiated. */
  attach(track: MediaStreamTrack | null): void {
    this.#track = track;
    this.#next(async () => this.#connection?.attach(this.#track));
  }

  /** Tells the other side something over the control channel; nothing where that is not open. */
  sendControl(message: ControlMessage): void {
    this.#connection?.control.send(message);
  }

  /** How loud both sides are now. Cheap enough for ten times a second. */
  async levels(): Promise<Levels> {
    return (await this.#connection?.levels()) ?? { other: 0, own: 0 };
  }

  /**
   * Tells nothing any more, sends and plays nothing, and closes the connection as soon as what was said
   * over the control channel has left. The track is not this file's to stop.
   */
  close(): void {
    this.#closed = true;
    this.#track = null;
    void this.#connection?.sayGoodbye();
    this.#connection = null;
  }

  #connect(attempt: AttemptId, role: Role): Connection {
    const identity = this.#identify(attempt, role);
    return new Connection(this.#paths, identity, this.#events, this.#ledger);
  }

  #existing(): Connection {
    if (!this.#connection) throw new Error("there is no connection yet");
    return this.#connection;
  }

  /** Carries an operation out after those before it. One that fails ends the connection's use. */
  #next(operation: () => Promise<void>): void {
    this.#tail = this.#tail.then(async () => {
      if (this.#closed) return;
      try {
        await operation();
      } catch (error) {
        // Closing in the middle of an operation makes it fail, and that is no fault.
        if (this.#isClosed()) return;
        if (error instanceof ForgeryError) this.#events.forged(error);
        else this.#events.unusable(error);
      }
    });
  }

  #isClosed(): boolean {
    return this.#closed;
  }
}
