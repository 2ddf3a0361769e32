// Whether one's IP address is hidden in calls, and by whose wish.

import type { RelayMode } from "../protocol/RelayMode";

/** Who wants an address to be hidden in a call: the host, the person from everybody, or from the one they talk to. */
export type HiddenBy = "host" | "all" | "one";

/** What is known of it. */
export interface Hiding {
  readonly relay: RelayMode;
  /** Whether the person hides it from everybody. */
  readonly fromAll: boolean;
  /** Whether the person hides it from the one in question. */
  readonly fromOne: boolean;
}

export function hiddenBy({ relay, fromAll, fromOne }: Hiding): HiddenBy | null {
  if (relay === "always") return "host";
  if (fromAll) return "all";
  return fromOne ? "one" : null;
}
