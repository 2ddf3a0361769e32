// How the switches stand by which a person hides their IP address, and what they say.

import type { Hiding } from "../../state/hiding";

export const HIDE_LABEL = "Hide my IP address";

/** A switch as it is shown. */
export interface HideSwitch {
  readonly checked: boolean;
  readonly disabled: boolean;
  readonly hint: string;
}

const BY_HOST: HideSwitch = {
  checked: true,
  disabled: true,
  hint: "On for everybody: this server has all calls go through its relay.",
};
const NO_RELAY = "This server has no relay, so your calls find no way while this is on.";

/** The switch in the account; nothing where it could only be switched on in vain. */
export function hideFromAll({ relay, fromAll }: Omit<Hiding, "fromOne">): HideSwitch | null {
  if (relay === "always") return BY_HOST;
  if (relay === "off") {
    return fromAll ? { checked: true, disabled: false, hint: NO_RELAY } : null;
  }
  const hint =
    "Your calls go through this server, so nobody you talk to learns your IP address. They may be a little slower.";
  return { checked: fromAll, disabled: false, hint };
}

/** The switch for one person; nothing as above. */
export function hideFromOne({ relay, fromAll, fromOne }: Hiding): HideSwitch | null {
  if (relay === "always") return BY_HOST;
  if (relay === "off") {
    return fromOne ? { checked: true, disabled: false, hint: NO_RELAY } : null;
  }
  if (fromAll) {
    return { checked: true, disabled: true, hint: "On for everybody, in your account." };
  }
  const hint =
    "Calls with them go through this server, so they do not learn your IP address. They are not told.";
  return { checked: fromOne, disabled: false, hint };
}
