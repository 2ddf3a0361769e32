// What a stranger finds at the door: who may register, and what the link is worth that they came by.

import type { Arrival } from "../net/arrival";
import { RequestFailed } from "../net/http";
import type { Admission } from "../protocol/Admission";
import type { Person } from "../protocol/Person";
import type { ShownInvite } from "../protocol/ShownInvite";

export type Invitation =
  | { is: "none" }
  | { is: "good"; secret: string; inviter: Person | null }
  /** It is used up, withdrawn or expired, in the server's words. */
  | { is: "useless"; message: string };

export interface Door {
  /** Nothing where the server did not say. */
  admission: Admission | null;
  invitation: Invitation;
}

export interface DoorPorts {
  admission: () => Promise<Admission>;
  showInvite: (body: { invite: string }) => Promise<ShownInvite>;
}

export async function findDoor(arrival: Arrival, ports: DoorPorts): Promise<Door> {
  const [admission, invitation] = await Promise.all([
    ports.admission().catch(() => null),
    arrival.for === "invite" ? findInvitation(arrival.secret, ports) : ({ is: "none" } as const),
  ]);
  return { admission, invitation };
}

async function findInvitation(secret: string, ports: DoorPorts): Promise<Invitation> {
  try {
    const { inviter } = await ports.showInvite({ invite: secret });
    return { is: "good", secret, inviter };
  } catch (error) {
    if (error instanceof RequestFailed) return { is: "useless", message: error.message };
    // Whether it is good is asked again when it is used.
    return { is: "good", secret, inviter: null };
  }
}

/** Whether somebody may try to make an account. Where the server did not say, it will. */
export function mayRegister({ admission, invitation }: Door): boolean {
  if (admission === null || admission.first) return true;
  switch (admission.registration) {
    case "open":
      return true;
    case "invite":
      return invitation.is === "good";
    case "closed":
      return false;
  }
}

/** What to do, for somebody who has no account and may not make one. */
export function doorWords({ admission }: Door): string {
  return admission?.registration === "closed"
    ? "This server takes no new accounts. Ask whoever runs it."
    : "This server is by invitation. Ask somebody who is here for a link.";
}
