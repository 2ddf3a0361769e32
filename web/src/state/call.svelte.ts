// The call as the page shows it: what the controller told last, and whether it is minimised.

import type { CallDisplay, DeviceObstacle } from "../call/screen";
import type { HandsetView } from "../protocol/HandsetView";

export class CallState implements CallDisplay {
  view = $state.raw<HandsetView>({ phase: "idle" });
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

  show(view: HandsetView): void {
    const before = this.view;
    this.view = view;
    const wasFree = before.phase === "idle" || before.phase === "ended";
    if (view.phase === "idle" || (wasFree && view.phase !== "ended")) this.minimised = false;
    if (view.phase !== "active") this.levels(0, 0);
  }

  levels(other: number, own: number): void {
    this.otherLevel = other;
    this.ownLevel = own;
  }

  soundBlocked(blocked: boolean): void {
    this.isSoundBlocked = blocked;
  }

  obstacle(obstacle: DeviceObstacle | null): void {
    this.deviceObstacle = obstacle;
  }
}
