import { expect, test, vi } from "vitest";

import { RequestFailed } from "../net/http";
import { PasskeyCancelled } from "../net/passkeys";
import type { Factors } from "../protocol/Factors";

import { Security, type SecurityPorts } from "./security.svelte";

const NONE: Factors = {
  authenticator_app: null,
  passkeys: [],
  recovery_codes_left: 0,
  passkeys_possible: true,
};
const WITH_APP: Factors = { ...NONE, authenticator_app: 1, recovery_codes_left: 10 };
const SETUP = { secret: "GEZD", uri: "otpauth://totp/x", expires_in: 600_000 };

test("an app is set up, shows its code, and brings recovery codes", async () => {
  const security = account({
    addApp: () => Promise.resolve({ factors: WITH_APP, recovery_codes: ["a", "b"] }),
  });
  await security.beginApp();
  expect(security.setup).toEqual(SETUP);
  await security.addApp("123456");
  expect(security.setup).toBeNull();
  expect(security.factors).toEqual(WITH_APP);
  expect(security.recoveryCodes).toEqual(["a", "b"]);
  security.codesKept();
  expect(security.recoveryCodes).toBeNull();
});

test("a wrong code leaves the setup as it is", async () => {
  const security = account({ addApp: () => refused("bad_request", "not the code") });
  await security.beginApp();
  await security.addApp("000000");
  expect(security.problem).toBe("not the code");
  expect(security.setup).toEqual(SETUP);
});

test("what needs a proof waits for it and is done then", async () => {
  let proven = false;
  const confirm = vi.fn(() => {
    proven = true;
    return Promise.resolve();
  });
  const security = account({
    removeApp: () =>
      proven ? Promise.resolve({ factors: NONE }) : refused("confirmation_required"),
    confirm,
  });
  await security.removeApp();
  expect(security.isAsking).toBe(true);
  expect(security.problem).toBeNull();

  await security.confirmByPassword("correct horse");
  expect(confirm).toHaveBeenCalledWith({ type: "password", password: "correct horse" });
  expect(security.isAsking).toBe(false);
  expect(security.factors).toEqual(NONE);
});

test("a proof that is refused is told, and what was wanted still waits", async () => {
  const security = account({
    removeApp: () => refused("confirmation_required"),
    confirm: () => refused("wrong_credentials", "not your password"),
  });
  await security.removeApp();
  await security.confirmByPassword("incorrect");
  expect(security.isAsking).toBe(true);
  expect(security.problem).toBe("not your password");
  security.giveUp();
  expect(security.isAsking).toBe(false);
  expect(security.problem).toBeNull();
});

test("a passkey that the person calls off is told and added nowhere", async () => {
  const addPasskey = vi.fn();
  const security = account({
    makePasskey: () => Promise.reject(new PasskeyCancelled()),
    addPasskey,
  });
  await security.addPasskey("Key ring");
  expect(security.problem).toMatch(/no passkey was used/i);
  expect(addPasskey).not.toHaveBeenCalled();
});

test("the proof by a passkey answers the server's challenge", async () => {
  const confirm = vi.fn(() => Promise.resolve());
  const security = account({ confirm });
  await security.confirmByPasskey();
  const passkey = { challenge: "c", credential: { of: { options: 1 } } };
  expect(confirm).toHaveBeenCalledWith({ type: "passkey", passkey });
});

function refused(code: "bad_request" | "confirmation_required" | "wrong_credentials", title = "") {
  return Promise.reject(new RequestFailed({ status: 400, code, title }));
}

function account(ports: Partial<SecurityPorts>): Security {
  const changed = () => Promise.resolve({ factors: NONE });
  return new Security({
    factors: () => Promise.resolve(NONE),
    beginApp: () => Promise.resolve(SETUP),
    addApp: changed,
    removeApp: changed,
    newRecoveryCodes: changed,
    beginPasskey: () => Promise.resolve({ options: 1 }),
    addPasskey: changed,
    renamePasskey: changed,
    removePasskey: changed,
    askPasskey: () => Promise.resolve({ challenge: "c", options: { options: 1 } }),
    confirm: () => Promise.resolve(),
    changePassword: () => Promise.resolve(),
    makePasskey: (options) => Promise.resolve({ of: options }),
    usePasskey: (options) => Promise.resolve({ of: options }),
    ...ports,
  });
}
