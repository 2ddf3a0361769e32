import { beforeEach, describe, expect, it } from "vitest";

import type { Anonymous } from "../call/descriptionRules";
import type { CallDescription } from "../protocol/CallDescription";
import type { Role } from "../protocol/Role";
import { ConnectionIdentity, ForgeryError } from "./connectionIdentity";
import type { Self } from "./identities";
import { makeKeyPair, sign, toDeviceKey } from "./signature";

const CALL = {
  attempt: "00000000-0000-7000-8000-000000000021",
  caller: "00000000-0000-7000-8000-000000000001",
  callee: "00000000-0000-7000-8000-000000000002",
};

let ada: ConnectionIdentity;
let ben: ConnectionIdentity;
let selves: Record<Role, Self>;

beforeEach(async () => {
  selves = { caller: await makeSelf(), callee: await makeSelf() };
  ada = connection("caller");
  ben = connection("callee");
});

describe("a connection", () => {
  it("gives both sides one code, and keeps it over restarts", async () => {
    const { offer, answer } = await negotiate();
    expect(offer.identity.code).toHaveProperty("commitment");
    expect(answer.identity.code).toHaveProperty("nonce");
    const code = await ada.codeOfOfferer();
    expect(code).toHaveLength(5);
    expect(await ben.revealed(ada.reveal ?? "")).toEqual(code);

    const restart = await ben.sign(made("offer", "b", 1));
    expect(restart.identity.code).toBeNull();
    await ada.check(restart);
    const again = await ada.sign(made("answer", "a", 1));
    expect(again.identity.code).toBeNull();
    await ben.check(again);
    expect(await ben.revealed(ada.reveal ?? "")).toEqual(code);
  });

  it("takes nothing that does not say who made it", async () => {
    const offer = await ada.sign(made("offer", "a", 0));
    const unsigned = { ...offer.identity, signature: undefined };
    for (const identity of [undefined, null, {}, unsigned, { ...offer.identity, code: {} }]) {
      const stripped = { ...offer, identity } as unknown as CallDescription;
      await expect(ben.check(stripped)).rejects.toThrow(ForgeryError);
    }
    await ben.check(offer);
  });

  it("has another code than the one before", async () => {
    await negotiate();
    const before = await ada.codeOfOfferer();
    ada = connection("caller");
    ben = connection("callee");
    await negotiate();
    expect(await ada.codeOfOfferer()).not.toEqual(before);
  });

  it("lets an own offer go for one that crossed it", async () => {
    const given = await ben.sign(made("offer", "b", 1));
    const offer = await ada.sign(made("offer", "a", 1));
    await ben.check(offer);
    await ada.check(await ben.sign(made("answer", "b", 1)));
    expect(ben.reveal).toBeNull();
    expect(await ben.revealed(ada.reveal ?? "")).toEqual(await ada.codeOfOfferer());
    await expect(ada.check(given)).rejects.toThrow(ForgeryError);
  });

  it("reveals nothing before it has the answer", async () => {
    await ada.sign(made("offer", "a", 0));
    expect(ada.reveal).toBeNull();
    expect(await ada.codeOfOfferer()).toBeNull();
  });
});

describe("somebody in between", () => {
  it("cannot reveal another nonce than the promised one", async () => {
    await negotiate();
    await expect(ben.revealed("ab".repeat(32))).rejects.toThrow("commitment");
  });

  it("cannot change, swap or mirror a description", async () => {
    const offer = await ada.sign(made("offer", "a", 0));
    const swapped = { ...offer, fingerprint: "c".repeat(64) };
    await expect(ben.check(swapped)).rejects.toThrow("signature");
    await expect(ada.check(offer)).rejects.toThrow("signature");
    await ben.check(offer);
    const answer = await ben.sign(made("answer", "b", 0));
    await expect(ada.check({ ...answer, epoch: 1 })).rejects.toThrow("signature");
    const unsigned = { ...answer.identity, code: null };
    await expect(ada.check({ ...answer, identity: unsigned })).rejects.toThrow("beginning");
    await ada.check(answer);
  });

  it("cannot put another device or certificate into a connection", async () => {
    await negotiate();
    const before = selves.callee;
    selves.callee = await makeSelf();
    const eve = connection("callee");
    await eve.check(await connection("caller").sign(made("offer", "a", 0)));
    const intruding = await eve.sign(made("offer", "b", 1));
    await expect(ada.check(intruding)).rejects.toThrow("end");
    selves.callee = before;
    const strange = await ben.sign(made("offer", "c", 1));
    await expect(ada.check(strange)).rejects.toThrow("end");
  });

  it("cannot answer in the place of an answer to another offer", async () => {
    await ada.sign(made("offer", "a", 0));
    await ben.check(await connection("caller").sign(made("offer", "c", 0)));
    const answer = await ben.sign(made("answer", "b", 0));
    await expect(ada.check(answer)).rejects.toThrow("signature");
  });
});

it("knows the certificate that was signed for", async () => {
  await negotiate();
  const certificate = new TextEncoder().encode("a certificate");
  expect(await ada.isOther(certificate.buffer)).toBe(false);
});

async function negotiate(): Promise<Record<"offer" | "answer", CallDescription>> {
  const offer = await ada.sign(made("offer", "a", 0));
  await ben.check(offer);
  const answer = await ben.sign(made("answer", "b", 0));
  await ada.check(answer);
  return { offer, answer };
}

function connection(role: Role): ConnectionIdentity {
  return new ConnectionIdentity({
    self: Promise.resolve(selves[role]),
    call: CALL,
    role,
    standing: () => Promise.resolve("first"),
  });
}

async function makeSelf(): Promise<Self> {
  const pair = await makeKeyPair();
  return { key: await toDeviceKey(pair), sign: (bytes) => sign(pair, bytes) };
}

function made(kind: "offer" | "answer", certificate: string, epoch: number): Anonymous {
  return {
    epoch,
    kind,
    ufrag: "Yx3+",
    pwd: "q8W1vHkq0mXk9pYc2dRt5uZa",
    fingerprint: certificate.repeat(64),
    dtls: kind === "offer" ? "actpass" : "active",
    codecs: [{ codec: "opus", payload_type: 111, fec: true, dtx: true, cbr: true }],
    extensions: [],
    direction: "sendrecv",
  };
}
