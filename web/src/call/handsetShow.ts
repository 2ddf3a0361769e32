// What follows from where a handset stands: what its screen shows, what is heard, when it acts by itself.
//
// The twin of `crates/call/src/handset/show.rs`.

import type { HandsetView } from "../protocol/HandsetView";
import type { OtherEnd } from "../protocol/OtherEnd";
import type { Route } from "../protocol/Route";
import type { Timestamp } from "../protocol/Timestamp";
import type { Tone } from "../protocol/Tone";
import { callOf, type State } from "./handsetState";
import { takingDeadline, takingView } from "./handsetTaking";

export function toneOf(state: State): Tone {
  switch (state.at) {
    case "outgoing":
      if (state.stage.at === "starting") return "calling";
      return state.stage.at === "calling" ? callingTone(state.stage.devices) : "none";
    case "ringing":
      return state.answer === "not_yet" && !state.silenced ? "ringing" : "none";
    case "taking":
      return state.stands.at === "rings" ? callingTone(state.stands.devices) : "none";
    case "ended":
      return state.tone;
    case "idle":
    case "talking":
      return "none";
  }
}

function callingTone(devices: number): Tone {
  return devices === 0 ? "calling" : "ringback";
}

/** Whether the microphone's track shall be silent. */
export function isMute(state: State): boolean {
  if (state.at === "outgoing") return state.muted;
  return (state.at === "talking" || state.at === "taking") && state.sound.isMute;
}

/** Whether the other side shall be heard, where there is a peer. */
export function isAudible(state: State): boolean {
  return (state.at !== "talking" && state.at !== "taking") || state.sound.isAudible;
}

/** The next moment at which something happens by itself. */
export function deadlineOf(state: State): Timestamp | null {
  switch (state.at) {
    case "idle":
      return null;
    case "outgoing":
      return "deadline" in state.stage ? state.stage.deadline : null;
    case "ringing":
      return state.deadline;
    case "talking": {
      const { connectAt, restartAt, lostAt, unheardAt, line } = state;
      const times = [connectAt, restartAt, lostAt, unheardAt, line.deadline];
      const set = times.filter((time) => time !== null);
      return set.length === 0 ? null : Math.min(...set);
    }
    case "taking":
      return takingDeadline(state);
    case "ended":
      return state.until;
  }
}

export function viewOf(state: State, route: Route | null, other: OtherEnd | null): HandsetView {
  switch (state.at) {
    case "idle":
      return { phase: "idle" };
    case "outgoing":
      return {
        phase: "outgoing",
        conversation: state.conversation,
        call: callOf(state),
        opening_microphone: state.stage.at === "opening_microphone",
        devices: state.stage.at === "calling" ? state.stage.devices : 0,
        muted: state.muted,
      };
    case "ringing":
      return {
        phase: "incoming",
        conversation: state.conversation,
        call: state.call,
        answering: state.answer !== "not_yet",
        fault: state.fault,
        silenced: state.silenced,
        ...(other === null ? {} : { standing: other.standing }),
      };
    case "talking": {
      const { conversation, call, path, since } = state;
      return state.sound.view(conversation, call, path, route, other, since);
    }
    case "taking":
      return takingView(state, other);
    case "ended":
      return {
        phase: "ended",
        conversation: state.conversation,
        call: state.call,
        outgoing: state.outgoing,
        why: state.why,
        talked: state.talked,
      };
  }
}
