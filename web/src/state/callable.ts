// Whether the phone icon works, and why not.

import type { DeviceObstacle } from "../call/screen";
import type { Contact } from "../protocol/Contact";

/** Why a person cannot be called now. */
export type CallObstacle =
  DeviceObstacle | "offline" | "in_call" | "not_accepted" | "not_accepted_here" | "blocked";

export interface CallCircumstances {
  contact: Contact;
  /** Whether this account is in a call or rung by one, wherever. */
  isBusy: boolean;
  device: DeviceObstacle | null;
  lineOpen: boolean;
}

/** The first thing that stands in the way of a call; what nobody here can change comes first. */
export function callObstacle({
  contact,
  isBusy,
  device,
  lineOpen,
}: CallCircumstances): CallObstacle | null {
  if (device !== null && device !== "no_microphone") return device;
  if (contact === "blocked") return "blocked";
  if (contact === "request") return "not_accepted_here";
  if (contact !== "accepted") return "not_accepted";
  if (isBusy) return "in_call";
  if (!lineOpen) return "offline";
  return device;
}
