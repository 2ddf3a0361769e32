// The other side's voice, played through an HTML audio element.
//
// Only what comes from the other side is ever attached here, never this side's own microphone.
// Switching the speaker off mutes the element; the stream goes on. Where the browser refuses to
// play before somebody touched the page, the page says so and a touch starts it.

export class RemoteSound {
  readonly #element: HTMLAudioElement;
  readonly #onBlocked: (blocked: boolean) => void;

  /** `onBlocked` is told when the browser refuses to play, and when it no longer does. */
  constructor(onBlocked: (blocked: boolean) => void) {
    this.#onBlocked = onBlocked;
    this.#element = document.createElement("audio");
    this.#element.autoplay = true;
  }

  /** Plays a stream in place of the one before. */
  attach(stream: MediaStream): void {
    document.body.append(this.#element);
    this.#element.srcObject = stream;
    this.play();
  }

  /** Starts what is attached; again from a touch, after the browser refused. */
  play(): void {
    const stream = this.#element.srcObject;
    if (stream === null) return;
    this.#element.play().then(
      () => this.#onBlocked(false),
      (error: unknown) => {
        // A play that another stream interrupted was not refused; whatever else keeps it from
        // sounding, a tap tries it again.
        const interrupted = error instanceof DOMException && error.name === "AbortError";
        if (!interrupted && this.#element.srcObject === stream) this.#onBlocked(true);
      },
    );
  }

  /** Whether it is audible; stays so whatever stream is attached. */
  setOn(on: boolean): void {
    this.#element.muted = !on;
  }

  /** Lets the stream go, and takes the element out of the page. */
  detach(): void {
    this.#element.srcObject = null;
    this.#element.remove();
    this.#onBlocked(false);
  }
}
