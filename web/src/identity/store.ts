// What this browser keeps of identities, in IndexedDB: its own key pair for each account, and the keys of people it has seen.
//
// A key pair is kept as the browser's own key object: no script can read its private half, so whoever runs code in this page
// may use it and cannot carry it off.

import type { UserId } from "../protocol/UserId";
import { type KeyPair, makeKeyPair } from "./signature";
import type { Pin } from "./standing";

/** A key that was kept of a person. */
export interface KeptPin extends Pin {
  readonly person: UserId;
  /** What they were called then. */
  readonly username: string;
}

export interface IdentityStore {
  /** The key pair of this browser in an account; made where there is none. */
  keyPair(account: UserId): Promise<KeyPair>;
  /** All keys that were kept in an account. */
  pins(account: UserId): Promise<KeptPin[]>;
  /** Keeps a key, in place of what was kept of it before. */
  keep(account: UserId, pin: KeptPin): Promise<void>;
}

const KEY_PAIRS = "key_pairs";
const PINS = "pins";

export class BrowserStore implements IdentityStore {
  readonly #factory: IDBFactory;
  #opened: Promise<IDBDatabase> | null = null;

  constructor(factory: IDBFactory) {
    this.#factory = factory;
  }

  async keyPair(account: UserId): Promise<KeyPair> {
    const database = await this.#open();
    const reading = database.transaction(KEY_PAIRS).objectStore(KEY_PAIRS).get(account);
    const known = (await done(reading)) as KeyPair | undefined;
    if (known) return known;
    const made = await makeKeyPair();
    const { publicKey, privateKey } = made;
    const keyPairs = database.transaction(KEY_PAIRS, "readwrite").objectStore(KEY_PAIRS);
    // Another tab may have been faster, and then its key is this browser's.
    const other = (await done(keyPairs.get(account))) as KeyPair | undefined;
    if (other) return other;
    await done(keyPairs.put({ publicKey, privateKey }, account));
    return made;
  }

  async pins(account: UserId): Promise<KeptPin[]> {
    const pins = (await this.#open()).transaction(PINS).objectStore(PINS).index("account");
    return (await done(pins.getAll(account))) as KeptPin[];
  }

  async keep(account: UserId, { person, username, key, verified }: KeptPin): Promise<void> {
    const pins = (await this.#open()).transaction(PINS, "readwrite").objectStore(PINS);
    await done(pins.put({ account, person, username, key, verified }));
  }

  #open(): Promise<IDBDatabase> {
    this.#opened ??= open(this.#factory);
    return this.#opened;
  }
}

function open(factory: IDBFactory): Promise<IDBDatabase> {
  const request = factory.open("ahoy.identity", 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(KEY_PAIRS);
    const keyPath: (keyof KeptPin | "account")[] = ["account", "person", "key"];
    request.result.createObjectStore(PINS, { keyPath }).createIndex("account", "account");
  };
  return done(request);
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the browser's database failed"));
  });
}
