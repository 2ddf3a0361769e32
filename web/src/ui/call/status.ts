// The line below the name on the screen of a call.

import type { HandsetView } from "../../protocol/HandsetView";
import type { UserId } from "../../protocol/UserId";
import { spokenDuration } from "../words/duration";
import type { Words } from "../words/endings";
import { endedWords, microphoneWords } from "../words/endings";

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
      return { title: view.answering ? "Answering…" : "Incoming voice call", detail: null };
    case "active":
      return { title: activeTitle(view.path), detail: null };
    case "ended": {
      const words = endedWords(view.why, view.outgoing, view.talked !== null, name, me);
      return view.talked === null
        ? words
        : { ...words, title: `${words.title} · ${spokenDuration(view.talked)}` };
    }
  }
}

function ringing(devices: number): string {
  if (devices === 0) return "Calling…";
  return devices === 1 ? "Ringing…" : `Ringing on ${devices} devices…`;
}

function activeTitle(path: Extract<HandsetView, { phase: "active" }>["path"]): string {
  switch (path) {
    case "connecting":
      return "Connecting…";
    case "reconnecting":
      return "Reconnecting…";
    case "connected":
      return "Connected";
  }
}
