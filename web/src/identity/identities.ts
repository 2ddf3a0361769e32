// The identities of one account in this browser: its own key, the keys of people that it has kept, and what the server lists.
//
// The server is believed nothing: what it lists is worth what endorsements in it hold against kept keys (`standing.ts`). What was
// kept is read once, so one tab's judgement does not see what another keeps until it is loaded anew; only one tab has calls.

import type { DeviceKey } from "../protocol/DeviceKey";
import type { ListedDevice } from "../protocol/ListedDevice";
import type { PersonKeys } from "../protocol/PersonKeys";
import type { Signature } from "../protocol/Signature";
import type { Standing } from "../protocol/Standing";
import type { UserId } from "../protocol/UserId";
import { endorsedBytes, isEndorsed } from "./endorsement";
import { readDevices } from "./listing";
import { type KeyPair, sign, toDeviceKey } from "./signature";
import { isKeptWithoutComparing, standingOf } from "./standing";
import type { IdentityStore, KeptPin } from "./store";

/** Whose key it is said to be. */
export interface Whose {
  readonly id: UserId;
  readonly username: string;
}

/** This device, as a signer. */
export interface Self {
  readonly key: DeviceKey;
  sign(bytes: Uint8Array<ArrayBuffer>): Promise<Signature>;
}

interface Loaded extends Self {
  readonly pins: Map<string, KeptPin>;
}

export class Identities {
  readonly #me: Whose;
  readonly #store: IdentityStore;
  readonly #listed = new Map<UserId, readonly ListedDevice[]>();
  #loaded: Promise<Loaded> | null = null;

  constructor(me: Whose, store: IdentityStore) {
    this.#me = me;
    this.#store = store;
  }

  /** This device. Rejects where the browser has no Ed25519 or keeps nothing. */
  get self(): Promise<Self> {
    return this.#load();
  }

  /** What the server lists, from the snapshot or since. */
  listed({ person, devices }: PersonKeys): void {
    this.#listed.set(person, readDevices(devices));
  }

  /** How a key stands to a person. Whoever comes by another's username is judged by what was kept of that one. */
  async standing(whose: Whose, key: DeviceKey): Promise<Standing> {
    const { pins } = await this.#load();
    return standingOf(pinsOf(pins, whose), key, await this.#endorsersOf(whose.id, key));
  }

  /** Keeps a key of a person; an unverified one only where nothing speaks against it. */
  async keep(whose: Whose, key: DeviceKey, verified: boolean): Promise<void> {
    const { pins } = await this.#load();
    const known = pinsOf(pins, whose);
    const standing = await this.standing(whose, key);
    if (!verified && standing === "changed" && !isKeptWithoutComparing(known)) return;
    const before = known.find((pin) => pin.key === key);
    if (before && (before.verified || !verified)) return;
    const { id: person, username } = whose;
    await this.#put({ person, username, key, verified });
  }

  /**
   * Devices of this account that this one has not seen and that no seen one endorses. The first time all there are count as seen:
   * this device is the new one then.
   */
  async newDevices(): Promise<readonly ListedDevice[]> {
    const { key, pins } = await this.#load();
    const devices = this.#listed.get(this.#me.id) ?? [];
    const { id: person, username } = this.#me;
    if (pinsOf(pins, this.#me).length === 0) {
      const own: KeptPin = { person, username, key, verified: true };
      await this.#put(own);
      for (const device of devices.filter((it) => it.key !== key)) {
        await this.#put({ ...own, key: device.key, verified: false });
      }
    }
    const strange: ListedDevice[] = [];
    for (const device of devices) {
      const standing = await this.standing(this.#me, device.key);
      if (standing === "changed") strange.push(device);
    }
    return strange;
  }

  /** This device's word that another one is of this account. It counts as seen from then on. */
  async endorse(key: DeviceKey): Promise<Signature> {
    const self = await this.#load();
    const { id: person, username } = this.#me;
    await this.#put({ person, username, key, verified: true });
    return self.sign(endorsedBytes(person, key));
  }

  /** Who vouches for a key; null where there is a list of the person's keys without it. */
  async #endorsersOf(person: UserId, key: DeviceKey): Promise<DeviceKey[] | null> {
    const devices = this.#listed.get(person);
    if (devices === undefined) return [];
    const device = devices.find((listed) => listed.key === key);
    if (device === undefined) return null;
    const holding: DeviceKey[] = [];
    for (const endorsement of device.endorsements) {
      if (await isEndorsed(person, key, endorsement)) holding.push(endorsement.by);
    }
    return holding;
  }

  async #put(pin: KeptPin): Promise<void> {
    const { pins } = await this.#load();
    pins.set(`${pin.person} ${pin.key}`, pin);
    await this.#store.keep(this.#me.id, pin);
  }

  #load(): Promise<Loaded> {
    this.#loaded ??= this.#read();
    return this.#loaded;
  }

  async #read(): Promise<Loaded> {
    const pair: KeyPair = await this.#store.keyPair(this.#me.id);
    const pins = await this.#store.pins(this.#me.id);
    return {
      key: await toDeviceKey(pair),
      sign: (bytes) => sign(pair, bytes),
      pins: new Map(pins.map((pin) => [`${pin.person} ${pin.key}`, pin])),
    };
  }
}

function pinsOf(pins: ReadonlyMap<string, KeptPin>, { id, username }: Whose): KeptPin[] {
  return [...pins.values()].filter((pin) => pin.person === id || pin.username === username);
}
