// A device's view of a call: what it does and what it shows.
//
// The twin of `crates/call/src/handset.rs`, part by part; both pass the scenarios in `crates/call/scenarios`. The
// driver hands in an input with the device's monotonic clock in milliseconds and carries out the
// effects in their order. The rules kept here: no microphone and no peer without a call on screen,
// whatever ended it; nothing of the callee's microphone before *Answer*; no candidate before the
// answer. It does no I/O, reads no clock, and makes no ids.

import type { CallId } from "../protocol/CallId";
import type { CallView } from "../protocol/CallView";
import type { ConversationId } from "../protocol/ConversationId";
import type { HandsetEffect } from "../protocol/HandsetEffect";
import type { HandsetInput } from "../protocol/HandsetInput";
import type { HandsetTimeouts } from "../protocol/HandsetTimeouts";
import type { HandsetView } from "../protocol/HandsetView";
import type { Route } from "../protocol/Route";
import type { Timestamp } from "../protocol/Timestamp";
import type { Tone } from "../protocol/Tone";
import type { UserId } from "../protocol/UserId";
import * as control from "./handsetControl";
import * as device from "./handsetDevice";
import * as ending from "./handsetEnding";
import * as identity from "./handsetIdentity";
import * as outcomes from "./handsetOutcome";
import * as path from "./handsetPath";
import * as person from "./handsetPerson";
import * as server from "./handsetServer";
import { callOf, isFree, type State, type Told } from "./handsetState";
import { settle } from "./handsetSettle";
import * as take from "./handsetTake";
import { welcome } from "./handsetSnapshot";
import { deadlineOf, viewOf } from "./handsetShow";

/** A call that a handset had. */
export interface Gone {
  readonly call: CallId;
  /** Whether it is over for this device: not where another device has it. */
  readonly ended: boolean;
  readonly heardAt: Timestamp | null;
}

/** What is known of a peer connection. */
export interface PeerMemory {
  /** Whether it lets the other side be heard. */
  audible: boolean;
  control: control.Control;
  /** Which way sound goes, or went last. */
  route: Route | null;
  other: identity.Other | null;
}

/** What a handset knows. Only the files named `handset…` change it. */
export interface HandsetMemory {
  readonly me: UserId;
  timeouts: HandsetTimeouts;
  online: boolean;
  microphone: "closed" | "opening" | "open";
  /** Whether the microphone's track was told to be silent. */
  trackMuted: boolean;
  peer: PeerMemory | null;
  tone: Tone;
  state: State;
  over: readonly Gone[];
}

/** What a device does and shows of calls. */
export class Handset {
  readonly #memory: HandsetMemory;

  /** A handset of an account, without a call and without a socket. */
  constructor(me: UserId, timeouts: HandsetTimeouts) {
    this.#memory = {
      me,
      timeouts,
      online: false,
      microphone: "closed",
      trackMuted: false,
      peer: null,
      tone: "none",
      state: { at: "idle" },
      over: [],
    };
  }

  /** Takes the server's numbers, for timers that start from now on. */
  setTimeouts(timeouts: HandsetTimeouts): void {
    this.#memory.timeouts = timeouts;
  }

  /** What the screen shows. */
  view(): HandsetView {
    const { state, peer } = this.#memory;
    return viewOf(state, peer?.route ?? null, identity.otherView(peer));
  }

  /** Whether there is no call here, or one that is over. */
  get isFree(): boolean {
    return isFree(this.#memory.state);
  }

  /** Whether this handset is in a call, or rings for it. */
  has(call: CallId): boolean {
    return !this.isFree && callOf(this.#memory.state) === call;
  }

  /** Whom this handset dials, while the server has not made the call yet. */
  get dials(): ConversationId | null {
    const { state } = this.#memory;
    return state.at === "outgoing" && callOf(state) === null ? state.conversation : null;
  }

  /** Whether this handset had the call and rings for it no more. */
  isOver(call: CallId): boolean {
    return server.isOver(this.#memory, call);
  }

  /** Whether the call ended for this device, as far as this handset knows. */
  hasEnded(call: CallId): boolean {
    return this.#memory.over.some((gone) => gone.call === call && gone.ended);
  }

  /** What the person would hear if this handset were the only one. */
  get tone(): Tone {
    return this.#memory.tone;
  }

  /** When to hand in `tick`; null while nothing happens by itself. */
  pollTimeout(): Timestamp | null {
    return deadlineOf(this.#memory.state);
  }

  /** Something happened. What is returned is carried out in its order. */
  handle(now: Timestamp, input: HandsetInput): HandsetEffect[] {
    const effects: HandsetEffect[] = [];
    happen(this.#memory, now, input, effects);
    return settle(this.#memory, now, effects);
  }
}

function happen(
  memory: HandsetMemory,
  now: Timestamp,
  input: HandsetInput,
  out: HandsetEffect[],
): void {
  const told = (view: CallView, serverNow: Timestamp): Told => ({ view, serverNow, now });
  switch (input.type) {
    case "dial":
      return person.dial(memory, now, input.attempt, input.conversation, out);
    case "answer":
      return person.answer(memory, out);
    case "reject":
      return person.reject(memory, now, out);
    case "end":
      return person.end(memory, now, out);
    case "mute":
      return person.mute(memory, input.muted, out);
    case "speaker":
      return person.speaker(memory, input.on);
    case "silence":
      return person.silence(memory);
    case "hold":
      return person.hold(memory, input.on, out);
    case "take":
      return take.take(memory, told(input.call, input.now), out);
    case "yield":
      return take.yieldCalls(memory, out);
    case "dismiss":
      return ending.dismiss(memory);
    case "talk_anyway":
      return identity.accept(memory);
    case "compared":
      return identity.compared(memory, now, input.code, input.same, out);
    case "microphone_opened":
      return device.microphoneOpened(memory, out);
    case "microphone_failed":
      return device.microphoneFailed(memory, now, input.fault, out);
    case "described":
      return device.described(memory, now, input.description, out);
    case "candidate":
      return device.candidate(memory, input.candidate);
    case "peer_connected":
      return path.peerConnected(memory, now, out);
    case "peer_disconnected":
      return path.peerDisconnected(memory, now);
    case "peer_failed":
      return path.peerFailed(memory, now, out);
    case "identified":
      return identity.identified(memory, input.key, input.standing);
    case "coded":
      return identity.coded(memory, input.code);
    case "peer_forged":
      return identity.peerForged(memory, now, input.may_be_late, out);
    case "peer_unusable":
      return ending.fail(memory, now, "protocol", out);
    case "network_changed":
      return device.networkChanged(memory);
    case "route_changed":
      return path.routeChanged(memory, input.route);
    case "relay_renewed":
      return path.relayRenewed(memory);
    case "heard":
      return path.heard(memory, now);
    case "control_opened":
      return control.controlOpened(memory);
    case "control":
      return control.control(memory, now, input.message, out);
    case "welcome":
      return welcome(memory, now, input.calls, input.now, out);
    case "call":
      return server.callFrame(memory, told(input.call, input.now), out);
    case "started":
      return outcomes.started(memory, input.attempt, told(input.call, input.now), out);
    case "answered":
      return outcomes.answered(memory, told(input.call, input.now), out);
    case "taken":
      return take.taken(memory, told(input.call, input.now), out);
    case "refused":
      return outcomes.refused(memory, now, input.request, input.code, input.message, out);
    case "remote_description":
      return server.remoteDescription(memory, input.call, input.description, out);
    case "remote_candidates":
      return server.remoteCandidates(memory, input.call, input.epoch, input.candidates, out);
    case "socket_lost":
      memory.online = false;
      return;
    case "tick":
      return ending.tick(memory, now, out);
  }
}
