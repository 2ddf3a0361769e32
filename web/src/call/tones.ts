// Plays the tones of a call.
//
// A tone is one buffer that the sound card loops, so it goes on in a background tab, where timers
// are late. Browsers hold sound back on a page that nobody has touched yet; then the tone waits
// for the first touch, and the page says so.

import { render, type Sound } from "./toneSounds";

/** A tone that does not sound after so many milliseconds is held back by the browser. */
const BLOCKED_AFTER_MS = 300;
/** How long a tone takes to fade when it is stopped; at once would click. */
const FADE_SECONDS = 0.03;

export class Tones {
  readonly #onBlocked: (blocked: boolean) => void;
  readonly #closed = new AbortController();
  #context: AudioContext | null = null;
  #playing: Playing | null = null;
  #blockedTimer: ReturnType<typeof setTimeout> | undefined;

  /** `onBlocked` is told when the browser holds a tone back, and when it no longer does. */
  constructor(onBlocked: (blocked: boolean) => void) {
    this.#onBlocked = onBlocked;
  }

  /** Plays a tone in place of the one before; nothing is silence. The same one again goes on. */
  play(sound: Sound | null): void {
    if (this.#playing?.sound === sound) return;
    this.#stop();
    if (sound === null || this.#closed.signal.aborted) return;
    const context = (this.#context ??= this.#open());
    this.#playing = start(context, sound, () => {
      // A silent context would keep the sound card awake.
      if (this.#playing?.isOver !== false) void context.suspend();
    });
    this.#wake(context);
  }

  /**
   * Lets tones sound, one that was held back and those to come. Works from a tap or a key press only.
   */
  unblock(): void {
    if (this.#closed.signal.aborted) return;
    this.#wake((this.#context ??= this.#open()));
  }

  /** Silence for good. */
  close(): void {
    this.#stop();
    this.#closed.abort();
    void this.#context?.close();
    this.#context = null;
  }

  #open(): AudioContext {
    const context = new AudioContext();
    const { signal } = this.#closed;
    context.addEventListener(
      "statechange",
      () => {
        if (context.state === "running") this.#unblocked();
      },
      { signal },
    );
    return context;
  }

  #wake(context: AudioContext): void {
    // While sound is held back the promise stays open until somebody touches the page.
    void context.resume();
    if (context.state === "running") {
      this.#unblocked();
      return;
    }
    clearTimeout(this.#blockedTimer);
    this.#blockedTimer = setTimeout(() => {
      if (context.state === "running" || !this.#playing) return;
      if (this.#playing.loops) this.#onBlocked(true);
      // What tells of an end is no use later.
      else this.#stop();
    }, BLOCKED_AFTER_MS);
  }

  #unblocked(): void {
    clearTimeout(this.#blockedTimer);
    this.#onBlocked(false);
  }

  #stop(): void {
    const playing = this.#playing;
    if (!playing) return;
    this.#playing = null;
    playing.stop();
    this.#unblocked();
  }
}

interface Playing {
  readonly sound: Sound;
  readonly loops: boolean;
  /** Whether nothing of it is heard any more. */
  readonly isOver: boolean;
  stop(): void;
}

/** Starts a tone. `onOver` is told when it has sounded or has faded after `stop`. */
function start(context: AudioContext, sound: Sound, onOver: () => void): Playing {
  const { samples, loops } = render(sound, context.sampleRate);
  const buffer = context.createBuffer(1, samples.length, context.sampleRate);
  buffer.copyToChannel(samples, 0);
  const source = new AudioBufferSourceNode(context, { buffer, loop: loops });
  const gain = new GainNode(context);
  source.connect(gain).connect(context.destination);
  let isOver = false;
  source.onended = () => {
    isOver = true;
    gain.disconnect();
    onOver();
  };
  source.start();
  return {
    sound,
    loops,
    get isOver() {
      return isOver;
    },
    stop() {
      gain.gain.setTargetAtTime(0, context.currentTime, FADE_SECONDS / 3);
      source.stop(context.currentTime + FADE_SECONDS);
    },
  };
}
