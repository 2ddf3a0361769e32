// The listeners and timers that parts of a call have, counted while they are there.
//
// A part (a connection, a microphone) takes its listeners and timers from belongings of its own and closes them
// when it goes. Whoever keeps the {@link Inventory} sees what is left of parts that forgot to.

/** What all parts of something have together. */
export class Inventory {
  readonly #open = new Set<Belongings>();

  /** Belongings for a new part. */
  make(): Belongings {
    const belongings: Belongings = new Belongings(() => this.#open.delete(belongings));
    this.#open.add(belongings);
    return belongings;
  }

  get listeners(): number {
    return this.#sum((belongings) => belongings.listeners);
  }

  get timers(): number {
    return this.#sum((belongings) => belongings.timers);
  }

  #sum(count: (belongings: Belongings) => number): number {
    return [...this.#open].reduce((sum, belongings) => sum + count(belongings), 0);
  }
}

/** What one part has. */
export class Belongings {
  readonly #closed = new AbortController();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #onClosed: () => void;
  #listeners = 0;

  constructor(onClosed: () => void = () => undefined) {
    this.#onClosed = onClosed;
  }

  /** Aborted when the part is gone. */
  get signal(): AbortSignal {
    return this.#closed.signal;
  }

  get listeners(): number {
    return this.#listeners;
  }

  get timers(): number {
    return this.#timers.size;
  }

  /** Hears an event until the part is gone. */
  listen(target: EventTarget, event: string, listener: (event: never) => void): void {
    if (this.signal.aborted) return;
    this.#listeners += 1;
    target.addEventListener(event, listener as EventListener, { signal: this.signal });
  }

  /** Does something every so many milliseconds until the part is gone. */
  every(milliseconds: number, action: () => void): void {
    if (this.signal.aborted) return;
    this.#timers.add(setInterval(action, milliseconds));
  }

  /** The part is gone: no listener is called and no timer fires any more. */
  close(): void {
    if (this.signal.aborted) return;
    this.#closed.abort();
    // Intervals and timeouts have one list of numbers in browsers (HTML §8.6).
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers.clear();
    this.#listeners = 0;
    this.#onClosed();
  }
}
