// What a handset's screen shows, by where it stands.
//
// The twin of `State::view` in `crates/call/src/handset/state.rs`.

import type { HandsetView } from "../protocol/HandsetView";
import { callOf, type State } from "./handsetState";

export function viewOf(state: State): HandsetView {
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
      };
    case "talking":
      return {
        phase: "active",
        conversation: state.conversation,
        call: state.call,
        path: state.path,
        since: state.since,
        muted: state.sound.own.muted,
        speaker: state.sound.speaker,
        on_hold: state.sound.own.on_hold,
        peer_muted: state.sound.peer.muted,
        peer_on_hold: state.sound.peer.on_hold,
      };
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
