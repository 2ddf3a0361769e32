// Which tab of a browser has the calls of an account: exactly one, the owner. The others are guests.
//
// The owner is whoever holds a lock, and it holds it as long as it lives. A guest waits for the lock,
// shows what the owner tells, and may ask for the calls: the owner lets go of them, and the guest
// takes the lock away from it, also when no answer comes because the owner's tab is frozen.
// Nothing here knows what a call is.

import type { PhoneView } from "../protocol/PhoneView";
import { type GuestPress, readTabMessage, type TabMessage } from "./tabMessages";

/** So many milliseconds an owner that is asked for the calls has to let go of them; then they are taken. */
const YIELD_PATIENCE_MS = 500;

/** How this tab came to have the calls. */
export type Ownership =
  /** No other tab had them, or this one asked for them: a call of this device goes on here. */
  | "resumes"
  /** The tab that had them went away: nobody asked this one to open a microphone. */
  | "inherits";

export interface TabsEvents {
  /** This tab has the calls. */
  owned(how: Ownership): void;
  /** Another tab wants them: everything of them here ends at once, in silence. It may still have to wait for {@link lost}. */
  yielded(): void;
  /** Another tab has them, whether this one let go of them or not. */
  lost(): void;
  /** Owner: somebody pressed this in a guest. */
  pressed(press: GuestPress): void;
  /** Guest: what the owner shows, and its clock. */
  shown(view: PhoneView, now: number): void;
  /** Owner: a guest wants to know what is shown. */
  asked(): void;
}

/** The part of the browser that is used. */
export interface TabsPorts {
  /** Missing on pages that are neither HTTPS nor localhost; then this tab has the calls, and cannot make any. */
  readonly locks: Pick<LockManager, "request"> | undefined;
  readonly openChannel: (name: string) => ChannelLike;
  /** What this tab keeps over a reload, and no other tab sees. */
  readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  /** An id of this tab. */
  readonly id: string;
}

export type ChannelLike = Pick<BroadcastChannel, "postMessage" | "close"> & {
  onmessage: ((event: MessageEvent) => void) | null;
};

export class Tabs {
  readonly #ports: TabsPorts;
  readonly #events: TabsEvents;
  readonly #name: string;
  readonly #channel: ChannelLike;
  /** Lets go of the lock. There while this tab is the owner. */
  #release: (() => void) | null = null;
  /** Ends waiting for the lock. There while this tab is a guest. */
  #waiting: AbortController | null = null;
  #bringing: Promise<void> | null = null;
  #heardYielded: (() => void) | null = null;
  #closed = false;

  constructor(account: string, ports: TabsPorts, events: TabsEvents) {
    this.#ports = ports;
    this.#events = events;
    this.#name = `ahoy-calls-${account}`;
    this.#channel = ports.openChannel(this.#name);
    this.#channel.onmessage = ({ data }) => this.#heard(readTabMessage(data));
    void this.#start();
  }

  get isOwner(): boolean {
    return this.#release !== null;
  }

  /** Tells the guests what is shown. */
  show(view: PhoneView, now: number): void {
    if (this.isOwner) this.#post({ type: "show", view, now });
  }

  /** Has the owner carry a press out. */
  press(press: GuestPress): void {
    this.#post({ type: "press", press });
  }

  /** Brings the calls here. Settles when this tab has them. */
  bring(): Promise<void> {
    if (this.isOwner || this.#closed) return Promise.resolve();
    this.#bringing ??= this.#bring().finally(() => (this.#bringing = null));
    return this.#bringing;
  }

  /** The page goes away, perhaps to be loaded again. An owner with a call will ask for it then. */
  leave(hasCall: boolean): void {
    if (this.isOwner && hasCall) this.#ports.storage.setItem(this.#name, "owner");
  }

  /** Lets go of everything. */
  close(): void {
    this.#closed = true;
    this.#channel.onmessage = null;
    this.#channel.close();
    this.#waiting?.abort();
    this.#release?.();
    this.#release = null;
  }

  async #start(): Promise<void> {
    const wasOwner = this.#ports.storage.getItem(this.#name) !== null;
    this.#ports.storage.removeItem(this.#name);
    const { locks } = this.#ports;
    if (!locks) return void this.#own("resumes");
    const isFree = await this.#request({ ifAvailable: true }, "resumes");
    if (isFree || this.#closed) return;
    if (wasOwner) return this.bring();
    this.#post({ type: "hello" });
    this.#wait();
  }

  /** Waits for the owner to go away. */
  #wait(): void {
    this.#waiting?.abort();
    this.#waiting = new AbortController();
    void this.#request({ signal: this.#waiting.signal }, "inherits");
  }

  async #bring(): Promise<void> {
    this.#post({ type: "ask", from: this.#ports.id });
    await this.#yieldedOrTooLate();
    // The owner may have gone meanwhile, which made this tab the owner.
    if (this.isOwner || this.#closed) return;
    this.#waiting?.abort();
    await new Promise<void>((resolve) => {
      void this.#request({ steal: true }, "resumes", resolve);
    });
  }

  #yieldedOrTooLate(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#heardYielded?.(), YIELD_PATIENCE_MS);
      this.#heardYielded = () => {
        clearTimeout(timer);
        this.#heardYielded = null;
        resolve();
      };
    });
  }

  /** Settles when the lock is not to be had, or was had and is lost; whether it was had. */
  async #request(options: LockOptions, how: Ownership, onOwned?: () => void): Promise<boolean> {
    let had = false as boolean;
    const { locks } = this.#ports;
    try {
      await locks?.request(this.#name, options, (lock) => {
        if (!lock || this.#closed) return undefined;
        had = true;
        const holding = this.#own(how);
        onOwned?.();
        return holding;
      });
    } catch (error) {
      // Waiting was given up, or another tab took the lock.
      if (!(error instanceof DOMException && error.name === "AbortError")) throw error;
      if (had && !this.#closed) this.#taken();
    }
    return had;
  }

  /** Settles when the lock is to be let go of. */
  #own(how: Ownership): Promise<void> {
    this.#waiting = null;
    return new Promise((resolve) => {
      this.#release = resolve;
      this.#events.owned(how);
    });
  }

  #taken(): void {
    this.#release = null;
    this.#events.lost();
    // What the other tab showed before it was known to have the calls was not for a fellow owner.
    this.#post({ type: "hello" });
    this.#wait();
  }

  #heard(message: TabMessage | null): void {
    switch (message?.type) {
      case "hello":
        if (this.isOwner) this.#events.asked();
        break;
      case "show":
        if (!this.isOwner) this.#events.shown(message.view, message.now);
        break;
      case "press":
        if (this.isOwner) this.#events.pressed(message.press);
        break;
      case "ask":
        if (this.isOwner) this.#yield(message.from);
        break;
      case "yielded":
        if (message.to === this.#ports.id) this.#heardYielded?.();
        break;
      case undefined:
        break;
    }
  }

  /** The lock stays here until the other tab takes it, so that no third one gets it in between. */
  #yield(to: string): void {
    this.#events.yielded();
    this.#post({ type: "yielded", to });
  }

  #post(message: TabMessage): void {
    if (!this.#closed) this.#channel.postMessage(message);
  }
}
