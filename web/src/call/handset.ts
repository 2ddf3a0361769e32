// A device's view of a call: what it does and what it shows.
//
// The twin of `crates/call/src/handset.rs`; both pass the scenarios in `crates/call/scenarios`. The
// driver hands in an input with the device's monotonic clock in milliseconds and carries out the
// effects in their order. The rules kept here: no microphone and no peer without a call on screen,
// whatever ended it; nothing of the callee's microphone before *Answer*; no candidate before the
// answer. It does no I/O, reads no clock, and makes no ids. `handsetServer.ts` has what it makes of
// the server's words.

import type { CallDescription } from "../protocol/CallDescription";
import type { CallId } from "../protocol/CallId";
import type { Ended } from "../protocol/Ended";
import type { FailCause } from "../protocol/FailCause";
import type { HandsetEffect } from "../protocol/HandsetEffect";
import type { HandsetInput } from "../protocol/HandsetInput";
import type { HandsetTimeouts } from "../protocol/HandsetTimeouts";
import type { HandsetView } from "../protocol/HandsetView";
import type { MicrophoneFault } from "../protocol/MicrophoneFault";
import type { RequestBody } from "../protocol/RequestBody";
import type { Timestamp } from "../protocol/Timestamp";
import type { UserId } from "../protocol/UserId";
import { HandsetLine } from "./handsetLine";
import * as server from "./handsetServer";
import * as states from "./handsetState";
import type { State, Told } from "./handsetState";

/** What a handset knows. Only this file and `handsetServer.ts` change it. */
export interface HandsetMemory {
  readonly me: UserId;
  timeouts: HandsetTimeouts;
  online: boolean;
  state: State;
  over: CallId[];
  /** A call that rings while this handset is busy with something that is no call of the server's yet. */
  waiting: Told | null;
}

/** What a device does and shows of calls. */
export class Handset {
  readonly #memory: HandsetMemory;
  #microphone: "closed" | "opening" | "open" = "closed";
  #peer = false;
  #tone: ReturnType<typeof states.toneOf> = "none";

  /** A handset of an account, without a call and without a socket. */
  constructor(me: UserId, timeouts: HandsetTimeouts) {
    this.#memory = {
      me,
      timeouts,
      online: false,
      state: { at: "idle" },
      over: [],
      waiting: null,
    };
  }

  /** Takes the server's numbers, for timers that start from now on. */
  setTimeouts(timeouts: HandsetTimeouts): void {
    this.#memory.timeouts = timeouts;
  }

  /** What the screen shows. */
  view(): HandsetView {
    return states.viewOf(this.#memory.state);
  }

  /** When to hand in `tick`; null while nothing happens by itself. */
  pollTimeout(): Timestamp | null {
    return states.deadlineOf(this.#memory.state);
  }

  /** Something happened. What is returned is carried out in its order. */
  handle(now: Timestamp, input: HandsetInput): HandsetEffect[] {
    const effects: HandsetEffect[] = [];
    this.#happen(now, input, effects);
    return this.#settle(now, effects);
  }

  #happen(now: Timestamp, input: HandsetInput, effects: HandsetEffect[]): void {
    const memory = this.#memory;
    switch (input.type) {
      case "dial":
        return this.#dial(now, input, effects);
      case "answer":
        return this.#answer(effects);
      case "reject":
        if (memory.state.at === "ringing") this.#end(now, effects);
        return;
      case "end":
        return this.#end(now, effects);
      case "mute":
        return this.#mute(input.muted, effects);
      case "speaker":
        return this.#speaker(input.on, effects);
      case "dismiss":
        return this.#dismiss();
      case "microphone_opened":
        return this.#microphoneOpened(effects);
      case "microphone_failed":
        return this.#microphoneFailed(now, input.fault, effects);
      case "described":
        return this.#described(now, input.description, effects);
      case "candidate":
        return this.#line()?.candidate(input.candidate);
      case "peer_connected":
        return server.peerConnected(memory, effects);
      case "peer_disconnected":
        return this.#peerDisconnected(now);
      case "peer_failed":
        return this.#peerFailed(now, effects);
      case "peer_unusable":
        return this.#fail(now, "protocol", effects);
      case "network_changed":
        return this.#line()?.restart();
      case "socket_lost":
        memory.online = false;
        return;
      case "tick":
        return this.#tick(now, effects);
      case "welcome":
      case "call":
      case "started":
      case "answered":
      case "refused":
      case "remote_description":
      case "remote_candidates":
        return server.hear(memory, now, input, effects);
    }
  }

  /** Sees to what follows from the state alone, so that no way of ending a call can forget it. */
  #settle(now: Timestamp, happened: HandsetEffect[]): HandsetEffect[] {
    const memory = this.#memory;
    if (memory.state.at === "talking") {
      const { line, call } = memory.state;
      line.restartIfWanted(happened);
      line.flush(now, call, memory.timeouts.candidate_batch, happened);
    }
    if (!states.needsMicrophone(memory.state) && this.#microphone !== "closed") {
      this.#microphone = "closed";
      happened.push({ type: "close_microphone" });
    }
    const effects = this.#followPeer(happened);
    if (states.isFree(memory.state) && this.#peer) {
      this.#peer = false;
      effects.push({ type: "close_peer" });
    }
    if (states.isFree(memory.state) && memory.waiting !== null) {
      const next: HandsetEffect[] = [];
      server.ring(memory, memory.waiting, next);
      memory.waiting = null;
      effects.push(...this.#followPeer(next));
    }
    const tone = states.toneOf(memory.state);
    if (tone !== this.#tone) {
      this.#tone = tone;
      effects.push({ type: "play", tone });
    }
    return effects.sort((a, b) => states.placeOf(a) - states.placeOf(b));
  }

  /** Keeps track of whether there is a peer, and gives a new one the microphone that is open. */
  #followPeer(effects: readonly HandsetEffect[]): HandsetEffect[] {
    return effects.flatMap((effect): HandsetEffect[] => {
      const makes = effect.type === "make_offer" || effect.type === "make_answer";
      const attaches = makes && !this.#peer && this.#microphone === "open";
      this.#peer = (this.#peer || makes) && effect.type !== "close_peer";
      return attaches ? [effect, { type: "attach_microphone" }] : [effect];
    });
  }

  #dial(
    now: Timestamp,
    input: Extract<HandsetInput, { type: "dial" }>,
    effects: HandsetEffect[],
  ): void {
    if (!states.isFree(this.#memory.state)) return;
    this.#memory.state = {
      at: "outgoing",
      attempt: input.attempt,
      conversation: input.conversation,
      muted: false,
      line: new HandsetLine(false),
      stage: { at: "opening_microphone" },
    };
    if (this.#memory.online) this.#openMicrophone(effects);
    else server.finish(this.#memory, now, { why: "offline" });
  }

  #answer(effects: HandsetEffect[]): void {
    const { state } = this.#memory;
    if (state.at !== "ringing" || state.answer !== "not_yet") return;
    state.answer = "opening_microphone";
    state.fault = null;
    this.#openMicrophone(effects);
  }

  #openMicrophone(effects: HandsetEffect[]): void {
    this.#microphone = "opening";
    effects.push({ type: "open_microphone" });
  }

  /** Ends whatever there is by the person's own hand. */
  #end(now: Timestamp, effects: HandsetEffect[]): void {
    const { state, me } = this.#memory;
    const byMe: Ended = { why: "call", end: { reason: "hung_up", by: me } };
    switch (state.at) {
      case "idle":
        return;
      case "ended":
        return this.#dismiss();
      case "outgoing": {
        const call = states.callOf(state);
        if (call !== null) effects.push(states.send({ type: "cancel_call", call }));
        return server.finish(this.#memory, now, { why: "call", end: { reason: "cancelled" } });
      }
      case "ringing":
        if (state.answer !== "sent") {
          effects.push(states.send({ type: "decline_call", call: state.call }));
          return server.finish(this.#memory, now, { why: "call", end: { reason: "declined" } });
        }
        break;
      case "talking":
        break;
    }
    effects.push(states.send({ type: "hang_up", call: state.call }));
    server.finish(this.#memory, now, byMe);
  }

  #dismiss(): void {
    if (this.#memory.state.at === "ended") this.#memory.state = { at: "idle" };
  }

  #mute(muted: boolean, effects: HandsetEffect[]): void {
    const { state } = this.#memory;
    if (state.at !== "outgoing" && state.at !== "talking") return;
    state.muted = muted;
    if (this.#microphone === "open") effects.push({ type: "set_muted", muted });
  }

  #speaker(on: boolean, effects: HandsetEffect[]): void {
    const { state } = this.#memory;
    if (state.at !== "talking") return;
    state.speaker = on;
    effects.push({ type: "set_speaker", on });
  }

  #microphoneOpened(effects: HandsetEffect[]): void {
    if (this.#microphone !== "opening") {
      if (this.#microphone === "closed") effects.push({ type: "close_microphone" });
      return;
    }
    this.#microphone = "open";
    const { state } = this.#memory;
    if (state.at === "outgoing") {
      state.stage = { at: "offering" };
      if (state.muted) effects.push({ type: "set_muted", muted: true });
      state.line.offer(effects);
    } else if (state.at === "ringing") {
      state.answer = "describing";
      // A peer that is made later gets it when it is made.
      if (this.#peer) effects.push({ type: "attach_microphone" });
      server.sendAnswer(state, effects);
    }
  }

  #microphoneFailed(now: Timestamp, fault: MicrophoneFault, effects: HandsetEffect[]): void {
    if (this.#microphone === "closed") return;
    const { state } = this.#memory;
    if (state.at === "ringing" && state.answer !== "sent") {
      // Settling closes the microphone where it was open.
      state.answer = "not_yet";
      state.fault = fault;
    } else {
      const refused = fault === "denied" || fault === "insecure_page";
      this.#reportFailure(refused ? "permission_denied" : "no_microphone", effects);
      server.finish(this.#memory, now, { why: "microphone", fault });
    }
    if (this.#microphone === "opening") this.#microphone = "closed";
  }

  #described(now: Timestamp, description: CallDescription, effects: HandsetEffect[]): void {
    const { state, timeouts, online } = this.#memory;
    if (states.isFree(state) || !state.line.described(description)) return;
    switch (state.at) {
      case "outgoing":
        state.stage = {
          at: "starting",
          sent: false,
          deadline: now + timeouts.start,
          early: null,
        };
        if (online) server.sendStart(state, effects);
        return;
      case "ringing":
        if (state.answer !== "sent") return server.sendAnswer(state, effects);
        // The other side restarts ICE already, and the outcome is still under way.
        break;
      case "talking":
        break;
    }
    effects.push(states.send({ type: "describe_call", call: state.call, description }));
  }

  /** A path that was never there cannot break. */
  #peerDisconnected(now: Timestamp): void {
    const { state, timeouts } = this.#memory;
    if (state.at !== "talking" || state.path === "connecting") return;
    state.path = "reconnecting";
    state.restartAt ??= now + timeouts.restart_after;
    state.lostAt ??= now + timeouts.lost_after;
  }

  #peerFailed(now: Timestamp, effects: HandsetEffect[]): void {
    const { state, timeouts } = this.#memory;
    if (state.at !== "talking") return;
    if (state.path !== "connecting") {
      state.path = "reconnecting";
      state.restartAt = null;
      state.lostAt ??= now + timeouts.lost_after;
      state.line.restart();
    } else if (state.failures > 0) {
      this.#fail(now, "no_path", effects);
    } else {
      state.failures += 1;
      state.line.restart();
    }
  }

  /** Ends the call for a cause that this device knows, and tells the server where it must know. */
  #fail(now: Timestamp, cause: FailCause, effects: HandsetEffect[]): void {
    this.#reportFailure(cause, effects);
    server.finish(this.#memory, now, { why: "call", end: { reason: "failed", cause } });
  }

  #reportFailure(cause: FailCause, effects: HandsetEffect[]): void {
    const { state } = this.#memory;
    // Other devices ring on.
    const ringsOnly = state.at === "ringing" && state.answer !== "sent";
    const call = states.callOf(state);
    if (states.isFree(state) || ringsOnly || call === null) return;
    effects.push(states.report(call, { report: "failed", cause }));
  }

  #tick(now: Timestamp, effects: HandsetEffect[]): void {
    const due = (at: Timestamp | null): boolean => at !== null && at <= now;
    const { state } = this.#memory;
    if (!due(states.deadlineOf(state))) return;
    const finish = (why: Ended, request?: RequestBody): void => {
      if (request !== undefined) effects.push(states.send(request));
      server.finish(this.#memory, now, why);
    };
    const timeout: Ended = { why: "call", end: { reason: "failed", cause: "timeout" } };
    const noAnswer: Ended = { why: "call", end: { reason: "no_answer" } };
    switch (state.at) {
      case "idle":
        return;
      case "ended":
        return this.#dismiss();
      case "outgoing":
        if (state.stage.at === "calling") {
          finish(noAnswer, { type: "cancel_call", call: state.stage.call });
        } else {
          finish({ why: "offline" });
        }
        return;
      case "ringing":
        if (state.answer === "sent") finish(timeout, { type: "hang_up", call: state.call });
        else finish(noAnswer);
        return;
      case "talking":
        break;
    }
    const { call } = state;
    if (due(state.lostAt)) {
      const request: RequestBody = { type: "report_call", call, report: { report: "lost" } };
      finish({ why: "call", end: { reason: "lost" } }, request);
    } else if (due(state.connectAt)) {
      const report = { report: "failed", cause: "timeout" } as const;
      finish(timeout, { type: "report_call", call, report });
    } else if (due(state.restartAt)) {
      state.restartAt = null;
      state.line.restart();
    }
  }

  #line(): HandsetLine | undefined {
    const { state } = this.#memory;
    return states.isFree(state) ? undefined : state.line;
  }
}
