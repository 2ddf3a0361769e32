import { expect, test } from "vitest";

import { accountOf, passkeysWork } from "./passkeys";

test("a passkey's user handle is the account's id", () => {
  const response = { userHandle: "AYkKXayWd0u8zrMCCZqAVw" };
  expect(accountOf({ response })).toBe("01890a5d-ac96-774b-bcce-b302099a8057");
});

test("what is no id of an account is nobody's", () => {
  for (const userHandle of [undefined, null, "", "AYkK", 7]) {
    expect(accountOf({ response: { userHandle } })).toBeNull();
  }
  expect(accountOf({})).toBeNull();
});

test("a browser without passkeys is not asked for any", () => {
  expect(passkeysWork()).toBe(false);
});
