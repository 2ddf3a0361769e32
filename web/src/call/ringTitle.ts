// Flashes the title of the page while a call rings and nobody looks at the page.
//
// It shows even where sound and notifications are not allowed. The page may change its own title
// meanwhile; that one stands again afterwards.

const FLASH_INTERVAL_MS = 1_000;

/** The part of a document that has a title and may be hidden. */
export type TitledPage = Pick<Document, "title" | "hidden"> & EventTarget;

export class RingTitle {
  readonly #page: TitledPage;
  #ringing: AbortController | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  #text = "";
  /** What the page calls itself while the other title is shown. */
  #covered: string | null = null;

  constructor(page: TitledPage) {
    this.#page = page;
  }

  /** Flashes a text until {@link clear}, whenever the page is hidden. */
  show(text: string): void {
    this.#text = text;
    if (this.#ringing) return;
    this.#ringing = new AbortController();
    const { signal } = this.#ringing;
    this.#page.addEventListener("visibilitychange", () => this.#follow(), { signal });
    this.#follow();
  }

  clear(): void {
    this.#ringing?.abort();
    this.#ringing = null;
    this.#stop();
  }

  #follow(): void {
    if (!this.#page.hidden) return this.#stop();
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#flash(), FLASH_INTERVAL_MS);
    this.#flash();
  }

  #flash(): void {
    if (this.#isCovered()) return this.#uncover();
    this.#covered = this.#page.title;
    this.#page.title = this.#text;
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#isCovered()) this.#uncover();
    this.#covered = null;
  }

  /** Whether the title is still the one that was put there. */
  #isCovered(): boolean {
    return this.#covered !== null && this.#page.title === this.#text;
  }

  #uncover(): void {
    this.#page.title = this.#covered ?? "";
    this.#covered = null;
  }
}
