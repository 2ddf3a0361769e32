// The calls as the page shows them: what the controller told last, and whether they are minimised.

import type { CallDisplay, DeviceObstacle, MicrophoneNotice, SoundTreatment } from "../call/screen";
import type { ConversationId } from "../protocol/ConversationId";
import type { DeviceKey } from "../protocol/DeviceKey";
import type { HandsetView } from "../protocol/HandsetView";
import type { ListedDevice } from "../protocol/ListedDevice";
import type { PhoneView } from "../protocol/PhoneView";

const NO_CALLS: PhoneView = {
  current: { phase: "idle" },
  waiting: null,
  held: null,
  elsewhere: null,
};
const TREATED: SoundTreatment = {
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
};

export class CallState implements CallDisplay {
  phone = $state.raw<PhoneView>(NO_CALLS);
  /** Whether this tab has the calls; another tab of this browser has them where it does not. */
  here = $state(true);
  /** How loud the other side is, 0 to 1. */
  otherLevel = $state(0);
  /** How loud this side is, 0 to 1. */
  ownLevel = $state(0);
  /** Whether the browser holds sound back until somebody taps. */
  isSoundBlocked = $state(false);
  /** What makes calls impossible on this device. */
  deviceObstacle = $state<DeviceObstacle | null>(null);
  /** Whether the call is a bar, so that one goes on chatting. */
  minimised = $state(false);
  /** What happened to the microphone in this call, until the person has seen it. */
  microphone = $state.raw<MicrophoneNotice | null>(null);
  /** What the browser does to the microphone's sound on this device. */
  treatment = $state.raw<SoundTreatment>(TREATED);

  /** The key of this device, once calls are possible on it. */
  deviceKey = $state<DeviceKey | null>(null);
  /** Devices of this account that this one has not seen before. */
  strangeDevices = $state.raw<readonly ListedDevice[]>([]);

  /** The call in the foreground. */
  get current(): HandsetView {
    return this.phone.current;
  }

  /** Whether this account is in a call or rung by one, wherever. */
  get isBusy(): boolean {
    const { current, waiting, held, elsewhere } = this.phone;
    return (
      (current.phase !== "idle" && current.phase !== "ended") ||
      waiting !== null ||
      held !== null ||
      elsewhere !== null
    );
  }

  /** Who rings: in the foreground or while another call goes on. */
  get ringing(): ConversationId | null {
    const { current, waiting } = this.phone;
    const view = current.phase === "incoming" ? current : waiting;
    return view?.phase === "incoming" ? view.conversation : null;
  }

  show(phone: PhoneView, here: boolean): void {
    const before = this.phone.current;
    const wasHere = this.here;
    this.phone = phone;
    this.here = here;
    const { current } = phone;
    if (!isUnderWay(current)) {
      // Nobody overlooks a call that rings; one that has ended stays where it was.
      if (current.phase !== "ended") this.minimised = false;
    } else if (!isUnderWay(before) || here !== wasHere) {
      // Whoever talks in another tab looks at that one; here the call is a bar until it is wanted.
      this.minimised = !here;
    }
    if (current.phase !== "active") {
      this.levels(0, 0);
      this.microphone = null;
    }
  }

  microphoneChanged(notice: MicrophoneNotice): void {
    this.microphone = notice;
  }

  /** The notice about the microphone was seen. */
  microphoneSeen(): void {
    this.microphone = null;
  }

  soundTreatment(treatment: SoundTreatment): void {
    this.treatment = treatment;
  }

  levels(other: number, own: number): void {
    this.otherLevel = other;
    this.ownLevel = own;
  }

  soundBlocked(blocked: boolean): void {
    this.isSoundBlocked = blocked;
  }

  devices(own: DeviceKey, strange: readonly ListedDevice[]): void {
    this.deviceKey = own;
    this.strangeDevices = strange;
  }

  obstacle(obstacle: DeviceObstacle | null): void {
    this.deviceObstacle = obstacle;
  }
}

function isUnderWay({ phase }: HandsetView): boolean {
  return phase === "outgoing" || phase === "active";
}
