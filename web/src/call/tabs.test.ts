import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { PhoneView } from "../protocol/PhoneView";
import { type ChannelLike, Tabs } from "./tabs";

const VIEW: PhoneView = { current: { phase: "idle" }, waiting: null, held: null, elsewhere: null };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("the first tab has the calls, the others wait and are shown them", async () => {
  const browser = new FakeBrowser();
  const first = browser.open();
  await settled();
  expect(first.told).toEqual(["owned: resumes"]);
  const second = browser.open();
  await settled();
  expect(second.told).toEqual([]);
  // It came and asked, and the owner tells it.
  expect(first.told).toEqual(["owned: resumes", "asked"]);
  first.tabs.show(VIEW, 7);
  second.tabs.show(VIEW, 8);
  await settled();
  expect(second.told).toEqual(["shown at 7"]);
  expect(first.told).not.toContain("shown at 8");
});

test("a press in a guest reaches the owner only", async () => {
  const browser = new FakeBrowser();
  const [first, second, third] = [browser.open(), browser.open(), browser.open()];
  await settled();
  second.tabs.press({ type: "end" });
  await settled();
  expect(first.told).toContain("pressed end");
  expect(third.told).not.toContain("pressed end");
});

test("whoever inherits opens no microphone, and exactly one inherits", async () => {
  const browser = new FakeBrowser();
  const [first, second, third] = [browser.open(), browser.open(), browser.open()];
  await settled();
  browser.vanish(first);
  await settled();
  expect(second.told).toEqual(["owned: inherits"]);
  expect(third.told).toEqual([]);
  expect([second.tabs.isOwner, third.tabs.isOwner]).toEqual([true, false]);
});

test("a guest that asks gets the calls, after the owner let go of them and before any other tab", async () => {
  const browser = new FakeBrowser();
  const [first, second, third] = [browser.open(), browser.open(), browser.open()];
  await settled();
  const brought = third.tabs.bring();
  await settled();
  await brought;
  expect(first.told.slice(-2)).toEqual(["yielded", "lost"]);
  expect(third.told).toEqual(["owned: resumes", "asked"]);
  expect(second.told).toEqual([]);
  expect(browser.order).toEqual([
    "owned: resumes",
    "asked",
    "asked",
    "yielded",
    "lost",
    "owned: resumes",
    "asked",
  ]);
  // The one that let go waits again.
  browser.vanish(third);
  await settled();
  expect([first.tabs.isOwner, second.tabs.isOwner]).toEqual([false, true]);
  browser.vanish(second);
  await settled();
  expect(first.told.at(-1)).toBe("owned: inherits");
});

test("an owner whose tab is frozen loses the calls after half a second", async () => {
  const browser = new FakeBrowser();
  const [first, second] = [browser.open(), browser.open()];
  await settled();
  browser.freeze(first);
  const brought = second.tabs.bring();
  await vi.advanceTimersByTimeAsync(499);
  expect(second.tabs.isOwner).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  await brought;
  expect(second.tabs.isOwner).toBe(true);
  expect(first.told.at(-1)).toBe("lost");
});

test("a tab that asks while the owner goes away gets the calls once", async () => {
  const browser = new FakeBrowser();
  const [first, second] = [browser.open(), browser.open()];
  await settled();
  browser.vanish(first);
  await Promise.all([second.tabs.bring(), second.tabs.bring(), vi.advanceTimersByTimeAsync(600)]);
  expect(second.told).toEqual(["owned: inherits"]);
});

test("two tabs that ask at once: one of them has the calls", async () => {
  const browser = new FakeBrowser();
  const [first, second, third] = [browser.open(), browser.open(), browser.open()];
  await settled();
  await Promise.all([second.tabs.bring(), third.tabs.bring(), vi.advanceTimersByTimeAsync(600)]);
  expect([first, second, third].filter(({ tabs }) => tabs.isOwner)).toHaveLength(1);
});

test("a page that had a call and is loaded anew takes it back from the tab that inherited", async () => {
  const browser = new FakeBrowser();
  const [first, second] = [browser.open(), browser.open()];
  await settled();
  first.tabs.leave(true);
  browser.vanish(first);
  await settled();
  expect(second.tabs.isOwner).toBe(true);
  const again = browser.open(first.kept);
  await settled();
  // The one that lost them asks what is shown.
  expect(again.told).toEqual(["owned: resumes", "asked"]);
  expect(second.told.slice(-2)).toEqual(["yielded", "lost"]);
  expect(first.kept.size).toBe(0);
});

test.each([
  ["had no call", (tab: FakeTab) => tab.tabs.leave(false)],
  ["was told nothing", () => undefined],
])("a page that %s asks for nothing when it is loaded anew", async (_, leave) => {
  const browser = new FakeBrowser();
  const [first, second] = [browser.open(), browser.open()];
  await settled();
  leave(first);
  browser.vanish(first);
  await settled();
  const again = browser.open(first.kept);
  await settled();
  expect(again.told).toEqual([]);
  expect(second.tabs.isOwner).toBe(true);
});

test("a page without locks has the calls", async () => {
  const tab = new FakeBrowser(false).open();
  await settled();
  expect(tab.told).toEqual(["owned: resumes"]);
});

test("a tab that is closed tells nothing any more and leaves no timer", async () => {
  const browser = new FakeBrowser();
  const [first, second] = [browser.open(), browser.open()];
  await settled();
  first.tabs.close();
  second.tabs.close();
  await settled();
  expect(second.told).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

interface FakeTab {
  readonly tabs: Tabs;
  readonly told: string[];
  readonly channel: FakeChannel;
  readonly locks: FakeLocks;
  /** Its session storage. */
  readonly kept: Map<string, string>;
}

class FakeBrowser {
  readonly order: string[] = [];
  readonly #queue = new LockQueue();
  readonly #channels = new Set<FakeChannel>();
  readonly #hasLocks: boolean;
  #count = 0;

  constructor(hasLocks = true) {
    this.#hasLocks = hasLocks;
  }

  open(kept = new Map<string, string>()): FakeTab {
    const told: string[] = [];
    const tell = (what: string): void => {
      told.push(what);
      this.order.push(what);
    };
    const locks = new FakeLocks(this.#queue);
    const channel = new FakeChannel(this.#channels);
    this.#count += 1;
    const tabs = new Tabs(
      "account",
      {
        locks: this.#hasLocks ? (locks as unknown as LockManager) : undefined,
        openChannel: () => channel,
        storage: {
          getItem: (key) => kept.get(key) ?? null,
          setItem: (key, value) => void kept.set(key, value),
          removeItem: (key) => void kept.delete(key),
        },
        id: `tab ${this.#count}`,
      },
      {
        owned: (how) => tell(`owned: ${how}`),
        yielded: () => tell("yielded"),
        lost: () => tell("lost"),
        pressed: ({ type }) => tell(`pressed ${type}`),
        shown: (_, now) => tell(`shown at ${now}`),
        asked: () => tell("asked"),
      },
    );
    return { tabs, told, channel, locks, kept };
  }

  /** The browser takes a tab away: it hears and says nothing more, and its lock is free. */
  vanish({ channel, locks, tabs }: FakeTab): void {
    channel.close();
    locks.vanish();
    tabs.close();
  }

  /** The scripts of a tab do not run. */
  freeze({ channel }: FakeTab): void {
    channel.close();
  }
}

class FakeChannel implements ChannelLike {
  onmessage: ((event: MessageEvent) => void) | null = null;
  readonly #all: Set<FakeChannel>;

  constructor(all: Set<FakeChannel>) {
    this.#all = all;
    all.add(this);
  }

  postMessage(message: unknown): void {
    const data: unknown = structuredClone(message);
    for (const channel of this.#all) {
      if (channel === this) continue;
      void Promise.resolve().then(() => {
        if (this.#all.has(channel)) channel.onmessage?.(new MessageEvent("message", { data }));
      });
    }
  }

  close(): void {
    this.#all.delete(this);
  }
}

interface LockRequest {
  readonly by: FakeLocks;
  readonly grant: (lock: Lock | null) => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** One lock, as the specification has it (Web Locks API §4). */
class LockQueue {
  #holder: LockRequest | null = null;
  #waiting: LockRequest[] = [];

  request(request: LockRequest, { ifAvailable, steal, signal }: LockOptions): void {
    if (steal === true) {
      const holder = this.#holder;
      this.#holder = null;
      holder?.reject(new DOMException("stolen", "AbortError"));
      this.#grant(request);
    } else if (ifAvailable === true && (this.#holder || this.#waiting.length > 0)) {
      void request.grant(null).then(request.resolve, request.reject);
    } else {
      signal?.addEventListener("abort", () => {
        if (!this.#waiting.includes(request)) return;
        this.#waiting = this.#waiting.filter((other) => other !== request);
        request.reject(new DOMException("aborted", "AbortError"));
      });
      this.#waiting.push(request);
      this.#next();
    }
  }

  vanish(tab: FakeLocks): void {
    this.#waiting = this.#waiting.filter(({ by }) => by !== tab);
    if (this.#holder?.by === tab) this.#holder = null;
    this.#next();
  }

  #next(): void {
    if (this.#holder) return;
    const request = this.#waiting.shift();
    if (request) this.#grant(request);
  }

  #grant(request: LockRequest): void {
    this.#holder = request;
    void request.grant({} as Lock).then((value) => {
      if (this.#holder === request) this.#holder = null;
      request.resolve(value);
      this.#next();
    });
  }
}

class FakeLocks {
  readonly #queue: LockQueue;

  constructor(queue: LockQueue) {
    this.#queue = queue;
  }

  request(
    _: string,
    options: LockOptions,
    callback: (lock: Lock | null) => unknown,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const grant = async (lock: Lock | null): Promise<unknown> => {
        await Promise.resolve();
        return callback(lock);
      };
      this.#queue.request({ by: this, grant, resolve, reject }, options);
    });
  }

  vanish(): void {
    this.#queue.vanish(this);
  }
}

async function settled(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
}
