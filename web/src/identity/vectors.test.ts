// What this folder does is what `crates/identity` does.

import { describe, expect, it } from "vitest";

import file from "../../../crates/identity/tests/vectors.json";
import type { CallDescription } from "../protocol/CallDescription";
import type { CodeCommitment } from "../protocol/CodeCommitment";
import type { Endorsement } from "../protocol/Endorsement";
import type { Role } from "../protocol/Role";
import type { Standing } from "../protocol/Standing";
import { forgeryOf } from "./check";
import { type Code, codeOf, commitmentTo, markOf, type Revealed } from "./code";
import { endorsedBytes, isEndorsed } from "./endorsement";
import { toHex } from "./hex";
import { type CallName, type End, signedBytes } from "./layout";
import { TABLE } from "./pictures";
import { isKeptWithoutComparing, type Pin, standingOf } from "./standing";

interface Vectors {
  readonly descriptions: readonly {
    readonly says: string;
    readonly receiver: CallName & {
      readonly role: Role;
      readonly own: End;
      readonly other: End | null;
    };
    readonly description: CallDescription;
    readonly signed: string;
    readonly forged: string | null;
  }[];
  readonly codes: readonly (Revealed & { commitment: CodeCommitment; code: Code })[];
  readonly marks: readonly { account: string; key: string; mark: number[] }[];
  readonly endorsements: readonly {
    account: string;
    key: string;
    endorsement: Endorsement;
    signed: string;
    holds: boolean;
  }[];
  readonly standings: readonly {
    pins: Pin[];
    key: string;
    endorsed_by: string[] | null;
    standing: Standing;
    kept_without_comparing: boolean;
  }[];
  readonly pictures: readonly (readonly [string, string])[];
}

const vectors = file as unknown as Vectors;

describe("descriptions", () => {
  it.each(vectors.descriptions)("$says", async ({ receiver, description, signed, forged }) => {
    const { role, own, other } = receiver;
    const { code } = description.identity;
    const bound = code !== null && "commitment" in code ? null : own;
    const sender = role === "caller" ? "callee" : "caller";
    expect(toHex(signedBytes(receiver, sender, description, bound))).toBe(signed);
    expect(await forgeryOf({ call: receiver, role, own, other }, description)).toBe(forged);
  });
});

it("commits to nonces and makes codes of them", async () => {
  for (const { commitment, code, ...connection } of vectors.codes) {
    const { attempt, offerer, offered } = connection;
    expect(await commitmentTo(attempt, offerer.fingerprint, offered)).toBe(commitment);
    expect(await codeOf(connection)).toEqual(code);
  }
});

it("marks devices", async () => {
  for (const { account, key, mark } of vectors.marks)
    expect(await markOf(account, key)).toEqual(mark);
});

it("believes endorsements that hold, and no others", async () => {
  for (const { account, key, endorsement, signed, holds } of vectors.endorsements) {
    expect(toHex(endorsedBytes(account, key))).toBe(signed);
    expect(await isEndorsed(account, key, endorsement)).toBe(holds);
  }
});

it("says how keys stand", () => {
  for (const { pins, key, endorsed_by, standing, kept_without_comparing } of vectors.standings) {
    expect(standingOf(pins, key, endorsed_by)).toBe(standing);
    expect(isKeptWithoutComparing(pins)).toBe(kept_without_comparing);
  }
});

it("has the same pictures", () => {
  expect(TABLE).toEqual(vectors.pictures);
});
