// Where the call meets the page: what the controller tells the screen, and what the screen may ask
// of the controller. The controller (`controller.ts`) knows nothing of Svelte; the page's side is
// `CallState` in `state/call.svelte.ts`. Neither side reaches around this file.

import type { Code } from "../identity/code";
import type { Line } from "../net/line";
import type { CallId } from "../protocol/CallId";
import type { ConversationId } from "../protocol/ConversationId";
import type { DeviceKey } from "../protocol/DeviceKey";
import type { ListedDevice } from "../protocol/ListedDevice";
import type { PhoneView } from "../protocol/PhoneView";
import type { Timestamp } from "../protocol/Timestamp";

/** What a person may do with a call. None of them throws or waits; what came of it is shown. */
export interface CallActions {
  /** Calls the other person of a conversation. Nothing happens while there is a call already. */
  dial(conversation: ConversationId): void;
  /** *Answer*; again after a microphone fault. Not for a call that waits during another one. */
  answer(): void;
  /** Ends the current call and answers the one that waits. */
  endAndAnswer(): void;
  /** Puts the current call on hold and answers the one that waits. */
  holdAndAnswer(): void;
  /** *Reject* a call that rings or waits, for all devices of the account. */
  reject(call: CallId): void;
  /** Silences the ringing on this device only. */
  silence(): void;
  /** *End call*: cancels an outgoing call, hangs up an answered one. */
  end(): void;
  /** Puts the current call on hold. */
  hold(): void;
  /** Takes a call off hold; one that is talked in goes on hold for it. */
  resume(call: CallId): void;
  /** Moves a call that is shown as elsewhere to this tab of this device. */
  take(call: CallId): void;
  /** Brings a call that another tab of this browser has to this tab. */
  bringHere(): void;
  /** Talks all the same, though the other side's key changed. */
  talkAnyway(): void;
  /** The two people read this code to each other; it was the same, or not. */
  compared(code: Code, same: boolean): void;
  /** Says that another device of this account, which it has not seen before, is the person's own. */
  endorse(key: DeviceKey): Promise<void>;
  /** Mutes or unmutes this side's microphone. */
  mute(muted: boolean): void;
  /** Whether the other side is audible here. */
  speaker(on: boolean): void;
  /** Closes the screen of an ended call before its time is up. */
  dismiss(): void;
  /** Starts the sound that the browser held back. Called from a tap or a key press. */
  enableSound(): void;
  /** How the browser treats the microphone's sound, in the running call and in those to come; kept on this device. */
  treatSound(treatment: SoundTreatment): void;
}

/** What the browser does to the microphone's sound; all on by default. */
export interface SoundTreatment {
  readonly echoCancellation: boolean;
  readonly noiseSuppression: boolean;
  readonly autoGainControl: boolean;
}

/** What happened to the microphone in a call without the person's doing. */
export interface MicrophoneNotice {
  /** The name of the microphone that is used from now on, as the browser tells it; may be empty. */
  readonly changedTo: string;
}

/** What makes calls impossible on this device, whoever is called. */
export type DeviceObstacle =
  /** The browser has no `RTCPeerConnection`. */
  | "no_webrtc"
  /** Neither HTTPS nor localhost, so there is no microphone. */
  | "insecure_page"
  /** No audio input is there. */
  | "no_microphone"
  /** The browser cannot make or keep a key by which others know this device. */
  | "no_key"
  /** It has lost the key by which the server knows this device. */
  | "key_lost";

/** What the controller tells the screen. Each call replaces what was told before. */
export interface CallDisplay {
  /** The whole view, whenever it changes. `here` is whether this tab has the calls: exactly one tab of a browser has
   * them, rings and talks; the others show them and do what a press asks for by way of it. */
  show(view: PhoneView, here: boolean): void;
  /** The microphone was unplugged, and the call goes on with another one. */
  microphoneChanged(notice: MicrophoneNotice): void;
  /** How the microphone's sound is treated on this device. */
  soundTreatment(treatment: SoundTreatment): void;
  /** How loud the other side and this side are, each 0 (silent) to 1; about 10 times a second in a call. */
  levels(other: number, own: number): void;
  /** Whether the browser holds back a tone or the other side's voice until somebody taps. */
  soundBlocked(blocked: boolean): void;
  /** This device's key, and devices of this account that it has not seen and no seen one vouches for. */
  devices(own: DeviceKey, strange: readonly ListedDevice[]): void;
  /** What makes calls impossible on this device; nothing where they are possible. */
  obstacle(obstacle: DeviceObstacle | null): void;
}

/** What a controller is made from. */
export interface CallPorts {
  /** The socket. */
  line: Line;
  /** The screen. */
  display: CallDisplay;
}

/** A controller, as the page holds it; `controller.ts` exports `createController` of this type. */
export interface CallController extends CallActions {
  /** The handset's clock in milliseconds, by which `HandsetView.since` is told. */
  now(): Timestamp;
  /** Ends the call, if there is one, stops the microphone and forgets the line. */
  dispose(): void;
}

/** The type of `createController`. */
export type CreateController = (ports: CallPorts) => CallController;
