// One peer connection's negotiation: descriptions and candidates of both sides, epoch by epoch.
//
// The twin of `crates/call/src/handset/line.rs`; both pass the scenarios in `crates/call/scenarios`.
// Perfect negotiation: whoever sees the path break makes an offer of the next epoch; where both do
// at once, the callee is polite and takes the caller's. A peer connection takes one certificate of
// the other side: where another device took the call over there, it is closed, and the negotiation
// goes on with a new one. Own candidates are held until the line is opened by the answer.

import type { AttemptId } from "../protocol/AttemptId";
import type { CallDescription } from "../protocol/CallDescription";
import type { CallId } from "../protocol/CallId";
import type { Candidate } from "../protocol/Candidate";
import type { Fingerprint } from "../protocol/Fingerprint";
import type { HandsetEffect } from "../protocol/HandsetEffect";
import type { Role } from "../protocol/Role";
import type { Timestamp } from "../protocol/Timestamp";
import { CANDIDATES_MAX } from "../protocol/constants";

/**
 * ```text
 *  new ──offer──▶ offering ──described──▶ offered ──remote answer──▶ settled
 *   └─remote offer──▶ answering ──described────────────────────────▶ settled
 *  settled ──restart──▶ offering            (remote offer of the next epoch: answering, from everywhere)
 * ```
 */
type Step = "new" | "offering" | "offered" | "answering" | "settled";

const EPOCH_MAX = 0xffff;

export class HandsetLine {
  /** The callee gives way when both offer at once. */
  readonly #role: Role;
  /** What the two devices call the call. */
  readonly #attempt: AttemptId;
  #epoch = 0;
  #step: Step = "new";
  #own: CallDescription | null = null;
  #ownCandidates: Candidate[] = [];
  /** How many of the own candidates were sent. */
  #sent = 0;
  #open = false;
  /** No batch before. */
  #batchAt: Timestamp | null = null;
  #remote: CallDescription | null = null;
  /** Whose certificate the present peer connection takes: the first description of the other side that it was given. */
  #certificate: Fingerprint | null = null;
  /** What the peer was given of the epoch of the remote description. */
  #remoteCandidates: Candidate[] = [];
  /** Candidates whose description has not come yet. */
  #early: { epoch: number; candidate: Candidate }[] = [];
  #restartWanted = false;

  constructor(role: Role, attempt: AttemptId) {
    this.#role = role;
    this.#attempt = attempt;
  }

  /** The description that is set locally, if the newest is. */
  get own(): CallDescription | null {
    return this.#own;
  }

  get hasRemote(): boolean {
    return this.#remote !== null;
  }

  /** The negotiation under way, or the last one. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The first offer of a call that is taken over. */
  offerAbove(epoch: number, effects: HandsetEffect[]): void {
    this.#epoch = Math.min(epoch + 1, EPOCH_MAX);
    this.offer(effects);
  }

  /** An offer above an epoch, made by a new peer connection. */
  offerOnANewPeer(epoch: number, effects: HandsetEffect[]): void {
    this.#closePeer(effects);
    this.offerAbove(epoch, effects);
  }

  /** The other side negotiates above the own offer, which nobody has answered yet: offers again. */
  outdo(epoch: number, effects: HandsetEffect[]): void {
    if (this.#step === "offered" && this.#certificate === null && epoch > this.#epoch) {
      this.offerOnANewPeer(epoch, effects);
    }
  }

  /** The first offer. */
  offer(effects: HandsetEffect[]): void {
    this.#begin("offering");
    effects.push(this.#makeOffer(false));
  }

  /** ICE shall start anew, as soon as the negotiation under way is settled. */
  restart(): void {
    this.#restartWanted = true;
  }

  restartIfWanted(effects: HandsetEffect[]): void {
    if (this.#restartWanted && this.#step === "settled") {
      this.#restartWanted = false;
      this.#epoch = Math.min(this.#epoch + 1, EPOCH_MAX);
      this.#begin("offering");
      effects.push(this.#makeOffer(true));
    }
  }

  #makeOffer(iceRestart: boolean): HandsetEffect {
    return {
      type: "make_offer",
      epoch: this.#epoch,
      ice_restart: iceRestart,
      attempt: this.#attempt,
      role: this.#role,
    };
  }

  /** The own description is set. Says whether it is the one that was asked for last. */
  described(description: CallDescription): boolean {
    const asked =
      (this.#step === "offering" && description.kind === "offer") ||
      (this.#step === "answering" && description.kind === "answer");
    if (!asked || description.epoch !== this.#epoch) return false;
    this.#step = this.#step === "offering" ? "offered" : "settled";
    this.#own = description;
    return true;
  }

  /** The other side described itself; repeated and outdated descriptions change nothing. */
  remoteDescription(description: CallDescription, effects: HandsetEffect[]): void {
    if (description.kind === "offer") this.#remoteOffer(description, effects);
    else this.#remoteAnswer(description, effects);
  }

  #remoteOffer(offer: CallDescription, effects: HandsetEffect[]): void {
    const offers = this.#step === "offering" || this.#step === "offered";
    const collides = offers && offer.epoch === this.#epoch;
    const polite = this.#role === "callee";
    const isNew = offer.epoch > this.#epoch || this.#step === "new" || (collides && polite);
    const strange = this.#isStrange(offer);
    const isForeign = !begins(offer) && (strange || this.#certificate === null);
    if (isForeign && this.#step !== "new") {
      // It goes on with a connection that this device has no part in: with the one before this.
      if (isNew) this.offerOnANewPeer(offer.epoch, effects);
    } else if (isNew) {
      if (strange) this.#closePeer(effects);
      this.#epoch = offer.epoch;
      this.#begin("answering");
      effects.push({
        type: "make_answer",
        description: offer,
        attempt: this.#attempt,
        role: this.#role,
      });
      this.#take(offer, effects);
    } else if (strange && !collides) {
      // Another device has the call there, and a server that restarted could not tell it the epoch.
      this.offerOnANewPeer(this.#epoch, effects);
    }
  }

  #remoteAnswer(answer: CallDescription, effects: HandsetEffect[]): void {
    if (this.#step !== "offered") return;
    if (answer.epoch !== this.#epoch) {
      this.outdo(answer.epoch, effects);
    } else if (this.#isStrange(answer)) {
      // Another device has the call there, and this peer connection cannot be given its certificate.
      this.offerOnANewPeer(this.#epoch, effects);
    } else {
      this.#step = "settled";
      effects.push({ type: "use_answer", description: answer });
      this.#take(answer, effects);
    }
  }

  /** Whether a description is of another certificate than the one that the present peer connection takes. */
  #isStrange({ fingerprint }: CallDescription): boolean {
    return this.#certificate !== null && this.#certificate !== fingerprint;
  }

  #closePeer(effects: HandsetEffect[]): void {
    effects.push({ type: "close_peer" });
    this.#certificate = null;
    this.#remote = null;
    this.#remoteCandidates = [];
    this.#restartWanted = false;
  }

  /** The other side's candidates; those known already are skipped, those of an older epoch too. */
  remoteCandidates(
    epoch: number,
    candidates: readonly Candidate[],
    effects: HandsetEffect[],
  ): void {
    if (this.#remote === null || epoch > this.#remote.epoch) {
      const room = Math.max(0, CANDIDATES_MAX - this.#early.length);
      for (const candidate of candidates.slice(0, room)) this.#early.push({ epoch, candidate });
      return;
    }
    if (epoch < this.#remote.epoch) return;
    const news: Candidate[] = [];
    for (const candidate of candidates) {
      const known = this.#remoteCandidates.some((other) => isSame(other, candidate));
      if (!known && this.#remoteCandidates.length < CANDIDATES_MAX) {
        this.#remoteCandidates.push(candidate);
        news.push(candidate);
      }
    }
    if (news.length > 0) effects.push({ type: "add_candidates", candidates: news });
  }

  /** An own candidate was found. Those of a description that is not set any more are dropped. */
  candidate(candidate: Candidate): void {
    if (this.#own !== null && this.#ownCandidates.length < CANDIDATES_MAX) {
      this.#ownCandidates.push(candidate);
    }
  }

  /** Takes the own candidates found so far, to be sent with the answer. */
  takeCandidates(): Candidate[] {
    this.#sent = this.#ownCandidates.length;
    return [...this.#ownCandidates];
  }

  /** The call is answered: own candidates may be sent. */
  open(): void {
    this.#open = true;
  }

  /** What was sent may be lost: all candidates shall be sent again. */
  resendCandidates(): void {
    this.#sent = 0;
    this.#batchAt = null;
  }

  /** Sends the next batch, if one is due; over the control channel too, where it is open. */
  flush(
    now: Timestamp,
    call: CallId,
    interval: number,
    control: boolean,
    effects: HandsetEffect[],
  ): void {
    if (!this.#hasUnsent() || (this.#batchAt !== null && now < this.#batchAt)) return;
    const candidates = this.#ownCandidates.slice(this.#sent);
    this.#sent = this.#ownCandidates.length;
    this.#batchAt = now + interval;
    const epoch = this.#epoch;
    if (control) {
      effects.push({ type: "send_control", message: { type: "candidates", epoch, candidates } });
    }
    effects.push({ type: "send", request: { type: "add_candidates", call, epoch, candidates } });
  }

  /** When the next batch is due. */
  get deadline(): Timestamp | null {
    return this.#hasUnsent() ? this.#batchAt : null;
  }

  #hasUnsent(): boolean {
    return this.#open && this.#sent < this.#ownCandidates.length;
  }

  #begin(step: Step): void {
    this.#step = step;
    this.#own = null;
    this.#ownCandidates = [];
    this.#sent = 0;
    this.#batchAt = null;
  }

  #take(description: CallDescription, effects: HandsetEffect[]): void {
    const { epoch } = description;
    this.#certificate ??= description.fingerprint;
    this.#remote = description;
    this.#remoteCandidates = [];
    const due = this.#early.filter((early) => early.epoch === epoch);
    this.#early = this.#early.filter((early) => early.epoch > epoch);
    this.remoteCandidates(
      epoch,
      due.map((early) => early.candidate),
      effects,
    );
  }
}

function isSame(a: Candidate, b: Candidate): boolean {
  return (
    a.foundation === b.foundation &&
    a.priority === b.priority &&
    a.address === b.address &&
    a.port === b.port &&
    a.kind === b.kind
  );
}

/**
 * Whether it is an offer that begins a connection, rather than one that goes on with the connection there is. One of which the
 * server withholds who made it counts as one that begins: it comes to where it is checked, and is refused there.
 */
export function begins({ identity }: Partial<CallDescription>): boolean {
  const code: Partial<CallDescription["identity"]["code"]> | undefined = identity?.code;
  return code === undefined || (code !== null && "commitment" in code);
}
