import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it } from "vitest";

import { spoilt } from "../call/spoilt";
import { seeded } from "../call/testing";
import type { Endorsement } from "../protocol/Endorsement";
import type { ListedDevice } from "../protocol/ListedDevice";
import { endorsedBytes, isEndorsed } from "./endorsement";
import { Identities } from "./identities";
import { type KeyPair, makeKeyPair, sign, toDeviceKey } from "./signature";
import type { IdentityStore, KeptPin } from "./store";
import { BrowserStore } from "./store";

const ADA = { id: "00000000-0000-7000-8000-000000000001", username: "ada" };
const BEN = { id: "00000000-0000-7000-8000-000000000002", username: "ben" };

let store: MemoryStore;
let identities: Identities;

beforeEach(() => {
  store = new MemoryStore();
  identities = new Identities(ADA, store);
});

describe("people's keys", () => {
  it("are first, then known, and another one has changed", async () => {
    const [old, other] = [await key(), await key()];
    expect(await identities.standing(BEN, old)).toBe("first");
    await identities.keep(BEN, old, false);
    expect(await identities.standing(BEN, old)).toBe("known");
    expect(await identities.standing(BEN, other)).toBe("changed");
    await identities.keep(BEN, old, true);
    expect(await identities.standing(BEN, old)).toBe("verified");
    // What was compared is not forgotten because of a call without comparing.
    await identities.keep(BEN, old, false);
    expect(await identities.standing(BEN, old)).toBe("verified");
  });

  it("outlive the page", async () => {
    const old = await key();
    await identities.keep(BEN, old, true);
    expect(await new Identities(ADA, store).standing(BEN, old)).toBe("verified");
  });

  it("that changed are kept without comparing only where none was compared", async () => {
    const [old, second, third] = [await key(), await key(), await key()];
    await identities.keep(BEN, old, false);
    await identities.keep(BEN, second, false);
    expect(await identities.standing(BEN, second)).toBe("known");
    await identities.keep(BEN, old, true);
    await identities.keep(BEN, third, false);
    expect(await identities.standing(BEN, third)).toBe("changed");
    await identities.keep(BEN, third, true);
    expect(await identities.standing(BEN, third)).toBe("verified");
  });

  it("are vouched for by older ones, and by no others", async () => {
    const [old, strange] = [await makeKeyPair(), await makeKeyPair()];
    const fresh = await key();
    await identities.keep(BEN, await toDeviceKey(old), true);
    identities.listed({ person: BEN.id, devices: [await endorsed(fresh, strange, BEN.id)] });
    expect(await identities.standing(BEN, fresh)).toBe("changed");
    identities.listed({ person: BEN.id, devices: [await endorsed(fresh, old, ADA.id)] });
    expect(await identities.standing(BEN, fresh)).toBe("changed");
    identities.listed({ person: BEN.id, devices: [await endorsed(fresh, old, BEN.id)] });
    expect(await identities.standing(BEN, fresh)).toBe("verified");
  });

  it("count for as long as the server lists them, once it has told", async () => {
    const [laptop, phone] = [await makeKeyPair(), await key()];
    const old = await toDeviceKey(laptop);
    await identities.keep(BEN, old, true);
    // No list has come yet.
    expect(await identities.standing(BEN, old)).toBe("verified");
    identities.listed({ person: BEN.id, devices: [device(old)] });
    expect(await identities.standing(BEN, old)).toBe("verified");
    // The laptop is signed out, and the phone that it vouched for stays.
    const vouched = await endorsed(phone, laptop, BEN.id);
    identities.listed({ person: BEN.id, devices: [vouched] });
    expect(await identities.standing(BEN, old)).toBe("changed");
    expect(await identities.standing(BEN, phone)).toBe("verified");
    // A call without comparing does not bring it back, nor does somebody else's list.
    await identities.keep(BEN, old, false);
    identities.listed({ person: ADA.id, devices: [device(old)] });
    expect(await identities.standing(BEN, old)).toBe("changed");
    identities.listed({ person: BEN.id, devices: [] });
    expect(await identities.standing(BEN, old)).toBe("changed");
    // Signed in again with the same browser.
    identities.listed({ person: BEN.id, devices: [device(old)] });
    expect(await identities.standing(BEN, old)).toBe("verified");
  });

  it("of a new account by an old one's name have changed", async () => {
    await identities.keep(BEN, await key(), true);
    const impostor = { id: "00000000-0000-7000-8000-00000000000f", username: "ben" };
    expect(await identities.standing(impostor, await key())).toBe("changed");
  });
});

it("makes nothing fail and nobody known that a list is spoilt", async () => {
  const random = seeded(20_261_123);
  const [old, strange] = [await makeKeyPair(), await makeKeyPair()];
  const fresh = await key();
  await identities.keep(BEN, await toDeviceKey(old), true);
  const vouched = await endorsed(fresh, old, BEN.id);
  const forged = await endorsed(fresh, strange, BEN.id);
  const own = { name: "Laptop", session: BEN.id };
  const standings = new Set<string>();
  for (let round = 0; round < 1_000; round += 1) {
    const list = spoilt([{ ...(round % 2 ? vouched : forged), own }], random);
    identities.listed({ person: BEN.id, devices: list as ListedDevice[] });
    const standing = await identities.standing(BEN, fresh);
    if (round % 2 === 0) expect(standing).toBe("changed");
    standings.add(standing);
    identities.listed({ person: ADA.id, devices: list as ListedDevice[] });
    await identities.newDevices();
  }
  expect([...standings].sort()).toEqual(["changed", "verified"]);
});

it.each<[string, unknown]>([
  ["nothing", null],
  ["a number", 1],
  ["a text of another length", "ab".repeat(63)],
  ["capitals", "AB".repeat(64)],
  ["what is no number", "zz".repeat(64)],
  ["a list", ["ab".repeat(64)]],
])("believes no endorsement that is %s", async (_, signature) => {
  const [by, fresh] = [await key(), await key()];
  const endorsement = { by, signature } as Endorsement;
  expect(await isEndorsed(BEN.id, fresh, endorsement)).toBe(false);
  const of = { by: signature, signature: "ab".repeat(64) } as Endorsement;
  expect(await isEndorsed(BEN.id, fresh, of)).toBe(false);
});

describe("one's own devices", () => {
  it("that are there at first count as seen, later ones are strange until somebody vouches", async () => {
    const { key: own } = await identities.self;
    const [old, fresh] = [await makeKeyPair(), await key()];
    const listed = [device(own), device(await toDeviceKey(old))];
    identities.listed({ person: ADA.id, devices: listed });
    expect(await identities.newDevices()).toEqual([]);
    identities.listed({ person: ADA.id, devices: [...listed, device(fresh)] });
    expect(await identities.newDevices()).toEqual([device(fresh)]);
    const vouched = await endorsed(fresh, old, ADA.id);
    identities.listed({ person: ADA.id, devices: [...listed, vouched] });
    expect(await identities.newDevices()).toEqual([]);
  });

  it("are vouched for by a signature that others believe", async () => {
    const { key: own } = await identities.self;
    const fresh = await key();
    identities.listed({ person: ADA.id, devices: [device(own)] });
    await identities.newDevices();
    identities.listed({ person: ADA.id, devices: [device(own), device(fresh)] });
    const signature = await identities.endorse(fresh);
    expect(await identities.newDevices()).toEqual([]);

    const bens = new Identities(BEN, new MemoryStore());
    await bens.keep(ADA, own, false);
    bens.listed({
      person: ADA.id,
      devices: [{ key: fresh, endorsements: [{ by: own, signature }] }],
    });
    expect(await bens.standing(ADA, fresh)).toBe("known");
  });
});

it("keeps one key pair for each account, and pins apart", async () => {
  const browser = new BrowserStore(new IDBFactory());
  const ada = new Identities(ADA, browser);
  const ben = new Identities(BEN, browser);
  const fresh = await key();
  await ada.keep(BEN, fresh, true);
  expect(await browser.pins(ADA.id)).toHaveLength(1);
  expect(await browser.pins(BEN.id)).toEqual([]);
  expect((await new Identities(ADA, browser).self).key).toBe((await ada.self).key);
  expect((await ben.self).key).not.toBe((await ada.self).key);
});

it("makes keys that no script can read", async () => {
  const { privateKey } = await makeKeyPair();
  expect(privateKey.extractable).toBe(false);
  await expect(crypto.subtle.exportKey("pkcs8", privateKey)).rejects.toThrow();
});

class MemoryStore implements IdentityStore {
  readonly #pairs = new Map<string, Promise<KeyPair>>();
  readonly #pins = new Map<string, KeptPin>();

  keyPair(account: string): Promise<KeyPair> {
    const pair = this.#pairs.get(account) ?? makeKeyPair();
    this.#pairs.set(account, pair);
    return pair;
  }

  pins(): Promise<KeptPin[]> {
    return Promise.resolve([...this.#pins.values()]);
  }

  keep(_account: string, pin: KeptPin): Promise<void> {
    this.#pins.set(`${pin.person} ${pin.key}`, pin);
    return Promise.resolve();
  }
}

async function key(): Promise<string> {
  return toDeviceKey(await makeKeyPair());
}

function device(own: string): ListedDevice {
  return { key: own, endorsements: [] };
}

async function endorsed(fresh: string, by: KeyPair, account: string): Promise<ListedDevice> {
  const signature = await sign(by, endorsedBytes(account, fresh));
  return { key: fresh, endorsements: [{ by: await toDeviceKey(by), signature }] };
}
