// The line below the name on the screen of a call.

import type { MicrophoneNotice } from "../../call/screen";
import type { HandsetView } from "../../protocol/HandsetView";
import type { UserId } from "../../protocol/UserId";
import { spokenDuration } from "../words/duration";
import type { Words } from "../words/endings";
import { endedWords, microphoneWords } from "../words/endings";

type Incoming = Extract<HandsetView, { phase: "incoming" }>;
type Active = Extract<HandsetView, { phase: "active" }>;

/** What is going on, and what else there is to say; nothing where there is no call. */
export function callStatus(view: HandsetView, name: string, me: UserId): Words {
  switch (view.phase) {
    case "idle":
      return { title: "", detail: null };
    case "outgoing":
      if (view.opening_microphone) {
        return { title: "Allow the microphone…", detail: "Your browser asks for it." };
      }
      return { title: ringing(view.devices), detail: null };
    case "incoming":
      if (view.fault !== null && !view.answering) return microphoneWords(view.fault);
      if (view.answering) return { title: "Answering…", detail: null };
      return { title: "Incoming voice call", detail: incomingDetail(view, name) };
    case "active":
      return activeWords(view, name);
    case "ended": {
      const words = endedWords(view.why, view.outgoing, view.talked !== null, name, me);
      // A call that goes on elsewhere has no length yet.
      return view.talked === null || view.why.why !== "call"
        ? words
        : { ...words, title: `${words.title} · ${spokenDuration(view.talked)}` };
    }
  }
}

function incomingDetail({ standing, silenced }: Incoming, name: string): string | null {
  if (standing === "changed") {
    return `From a device that you do not know as ${name}’s. Answer only if you expect that.`;
  }
  return silenced ? "Silent on this device." : null;
}

function ringing(devices: number): string {
  if (devices === 0) return "Calling…";
  return devices === 1 ? "Ringing…" : `Ringing on ${devices} devices…`;
}

function activeWords(view: Active, name: string): Words {
  const held = holdWords(view, name);
  switch (view.path) {
    case "connecting":
      return { title: "Connecting…", detail: held };
    case "reconnecting":
      return { title: "Reconnecting…", detail: held };
    case "connected":
      if (held !== null) return { title: held, detail: null };
      return { title: "Connected", detail: view.peer_muted ? `${name} is muted` : null };
  }
}

/** Who put the call on hold. */
function holdWords({ on_hold, peer_on_hold }: Active, name: string): string | null {
  if (on_hold && peer_on_hold) return "You both put the call on hold";
  if (on_hold) return "You put the call on hold";
  return peer_on_hold ? `${name} put the call on hold` : null;
}

/** That the microphone was taken away, and with which one the call goes on. */
export function microphoneChangedWords({ changedTo }: MicrophoneNotice): string {
  return changedTo === ""
    ? "Your microphone was unplugged. Now using another one."
    : `Your microphone was unplugged. Now using ${changedTo}.`;
}
