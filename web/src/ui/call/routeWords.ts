// What *Direct* and *Relayed* mean for the two who talk.

import type { Route } from "../../protocol/Route";
import type { HiddenBy } from "../../state/hiding";

export const ROUTE_LABELS: Record<Route, string> = { direct: "Direct", relayed: "Relayed" };

/** What the route is, and why; one paragraph each. */
export function routeWords(
  route: Route,
  name: string,
  hidden: HiddenBy | null,
  canHide: boolean,
): string[] {
  return route === "direct" ? directWords(name, hidden, canHide) : relayedWords(name, hidden);
}

function directWords(name: string, hidden: HiddenBy | null, canHide: boolean): string[] {
  const what = `Sound goes straight between your device and the one of ${name}, encrypted between the two. There is no quicker way.`;
  const who = `So your device and the one of ${name} know each other’s IP address.`;
  if (hidden !== null) {
    return [what, who, "You chose to hide yours when this call was under way: the next one does."];
  }
  return canHide
    ? [
        what,
        `${who} To hide yours, switch that on in your account or at the top of the conversation.`,
      ]
    : [what, who];
}

function relayedWords(name: string, hidden: HiddenBy | null): string[] {
  const what =
    "Sound goes through this server, which passes it on and cannot hear it: it is encrypted between the two devices. That takes a little longer.";
  switch (hidden) {
    case "host":
      return [
        what,
        "This server has all calls go this way, so nobody learns anybody’s IP address.",
      ];
    case "all":
      return [what, `You hide your IP address, so ${name} does not learn it.`];
    case "one":
      return [what, `You hide your IP address from ${name}.`];
    case null:
      return [
        what,
        `There is no direct way between your two networks, or ${name} hides their IP address.`,
      ];
  }
}
