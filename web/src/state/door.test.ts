import { expect, test } from "vitest";

import { RequestFailed, Unreachable } from "../net/http";
import type { Registration } from "../protocol/Registration";

import { findDoor, mayRegister } from "./door";

const ADA = { id: "a", username: "ada", display_name: "Ada" };
const INVITE = { for: "invite", secret: "s" } as const;

test("who may register depends on the mode, on the invite and on whether anybody is there", async () => {
  for (const [registration, first, invited, expected] of [
    ["open", false, false, true],
    ["invite", false, false, false],
    ["invite", false, true, true],
    ["closed", false, true, false],
    ["closed", true, false, true],
  ] as const) {
    const door = await findDoor(invited ? INVITE : { for: "nothing" }, ports(registration, first));
    expect(mayRegister(door), registration).toBe(expected);
  }
});

test("a good invite names its maker, and one that is worth nothing says so", async () => {
  const good = await findDoor(INVITE, ports("invite"));
  expect(good.invitation).toEqual({ is: "good", secret: "s", inviter: ADA });
  const gone = new RequestFailed({ status: 410, code: "link_invalid", title: "It is used up." });
  const useless = await findDoor(INVITE, {
    ...ports("invite"),
    showInvite: () => Promise.reject(gone),
  });
  expect(useless.invitation).toEqual({ is: "useless", message: "It is used up." });
  expect(mayRegister(useless)).toBe(false);
});

test("a server that cannot be asked is asked when the account is made", async () => {
  const away = () => Promise.reject(new Unreachable());
  const door = await findDoor(INVITE, { admission: away, showInvite: away });
  expect(door).toEqual({
    admission: null,
    invitation: { is: "good", secret: "s", inviter: null },
  });
  expect(mayRegister(door)).toBe(true);
});

function ports(registration: Registration, first = false) {
  return {
    admission: () => Promise.resolve({ registration, first }),
    showInvite: () => Promise.resolve({ inviter: ADA, expires_at: 0 }),
  };
}
