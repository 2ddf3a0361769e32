// The one file that owns getUserMedia.
//
// A microphone is asked for only when somebody calls or answers, and every way out of a call closes
// it. Whoever gave up asking never sees the track: it is stopped before anything else can hold it.
// A device is changed only when the one in use went away. The captured stream is never attached to
// anything audible.

import type { MicrophoneFault } from "../protocol/MicrophoneFault";
import type { Belongings, Inventory } from "./belongings";
import type { SoundTreatment } from "./screen";
import { constraintsOf, isTreated } from "./treatment";

/** The microphone could not be opened. */
export class MicrophoneError extends Error {
  override readonly name = "MicrophoneError";

  constructor(readonly fault: MicrophoneFault) {
    super(`the microphone could not be opened: ${fault}`);
  }
}

/** What an open microphone tells. Nothing is told after {@link Microphone.close}. */
export interface MicrophoneEvents {
  /** Another track carries its sound from now on; the one before is stopped. */
  replaced(track: MediaStreamTrack): void;
  /** The device went away, and another one of this name (which may be empty) is used. Told after `replaced`. */
  changed(name: string): void;
  /** The device went away, and no other can be opened. Told once. */
  lost(fault: MicrophoneFault): void;
}

/**
 * The tracks that a handset's microphones captured and that are not stopped: all are muted alike from their first
 * moment on, and whoever checks that none is left finds them here.
 */
export class CapturedTracks {
  readonly #tracks = new Set<MediaStreamTrack>();
  #muted = false;

  get live(): MediaStreamTrack[] {
    for (const track of [...this.#tracks]) {
      if (track.readyState === "ended") this.#tracks.delete(track);
    }
    return [...this.#tracks];
  }

  /** Whether they hear anything. A muted track sends silence. */
  setMuted(muted: boolean): void {
    this.#muted = muted;
    for (const track of this.live) track.enabled = !muted;
  }

  add(track: MediaStreamTrack): void {
    track.enabled = !this.#muted;
    this.#tracks.add(track);
  }
}

/** Where a microphone writes down what it holds. */
export interface MicrophoneLedger {
  readonly tracks: CapturedTracks;
  readonly inventory: Inventory;
}

/** A microphone whose devices go away so often within {@link LOSSES_WITHIN_MS} is no microphone. */
const LOSSES_MAX = 4;
const LOSSES_WITHIN_MS = 2_000;

/** How often a device is opened for a treatment that it does not take on; then it stays as it is. */
const TREAT_TRIES_MAX = 3;

/** An open microphone. */
export class Microphone {
  readonly #events: MicrophoneEvents;
  readonly #ledger: MicrophoneLedger;
  readonly #belongings: Belongings;
  readonly #lostAt: number[] = [];
  #track: MediaStreamTrack;
  #treatment: SoundTreatment;
  #tail: Promise<void> = Promise.resolve();

  private constructor(
    track: MediaStreamTrack,
    treatment: SoundTreatment,
    events: MicrophoneEvents,
    ledger: MicrophoneLedger,
  ) {
    this.#track = track;
    this.#treatment = treatment;
    this.#events = events;
    this.#ledger = ledger;
    this.#belongings = ledger.inventory.make();
    this.#use(track);
  }

  /**
   * Asks for the microphone; the browser may ask the person, for as long as they like.
   *
   * @returns nothing when `signal` was aborted before it was there.
   * @throws {MicrophoneError} when there is none to be had.
   */
  static async open(
    signal: AbortSignal,
    treatment: SoundTreatment,
    events: MicrophoneEvents,
    ledger: MicrophoneLedger,
  ): Promise<Microphone | null> {
    const track = await capture(constraintsOf(treatment), signal, ledger.tracks);
    return track && new Microphone(track, treatment, events, ledger);
  }

  /** What is captured. Live until {@link close} or until the system takes it away. */
  get track(): MediaStreamTrack {
    return this.#track;
  }

  /** Has the browser treat the sound so, on the same device. What the browser cannot do stays as it is. */
  treat(treatment: SoundTreatment): void {
    this.#treatment = treatment;
    this.#next(() => this.#retreat());
  }

  /** Stops the capture. The browser's recording mark goes out. */
  close(): void {
    this.#belongings.close();
    this.#track.stop();
  }

  #use(track: MediaStreamTrack): void {
    this.#track = track;
    this.#belongings.listen(track, "ended", () => {
      if (track === this.#track) this.#next(() => this.#replaceLost());
    });
  }

  /** One after the other, so that a device that goes away while the treatment changes is not opened twice. */
  #next(operation: () => Promise<void>): void {
    this.#tail = this.#tail.then(async () => {
      if (!this.#belongings.signal.aborted) await operation();
    });
  }

  async #replaceLost(): Promise<void> {
    if (this.#track.readyState === "live") return;
    try {
      if (this.#isLostTooOften()) throw new MicrophoneError(await lossOf());
      const track = await captureAny(this.#treatment, this.#belongings.signal, this.#ledger.tracks);
      if (!track) return;
      this.#use(track);
      this.#events.replaced(track);
      this.#events.changed(track.label);
    } catch (error) {
      if (!(error instanceof MicrophoneError)) throw error;
      if (!this.#belongings.signal.aborted) this.#events.lost(error.fault);
    }
  }

  #isLostTooOften(): boolean {
    const now = performance.now();
    this.#lostAt.push(now);
    return this.#lostAt.filter((at) => now - at < LOSSES_WITHIN_MS).length >= LOSSES_MAX;
  }

  async #retreat(): Promise<void> {
    const before = this.#track;
    const treatment = this.#treatment;
    if (before.readyState === "ended" || isTreated(before.getSettings(), treatment)) return;
    await changeInPlace(before, treatment);
    if (isTreated(before.getSettings(), treatment)) return;
    // Chromium treats all captures of a device as the first of them was opened, so the device is
    // let go of, by all that capture it, and opened again.
    before.stop();
    await this.#captureAgain(before.getSettings().deviceId, treatment);
  }

  async #captureAgain(deviceId: string | undefined, treatment: SoundTreatment): Promise<void> {
    const device = deviceId === undefined ? {} : { deviceId: { exact: deviceId } };
    const constraints = { ...constraintsOf(treatment), ...device };
    const { signal } = this.#belongings;
    for (let tries = 1; ; tries += 1) {
      let track: MediaStreamTrack | null;
      try {
        track = await capture(constraints, signal, this.#ledger.tracks);
      } catch (error) {
        if (!(error instanceof MicrophoneError)) throw error;
        return this.#replaceLost();
      }
      if (!track) return;
      if (tries === TREAT_TRIES_MAX || isTreated(track.getSettings(), treatment)) {
        this.#use(track);
        this.#events.replaced(track);
        return;
      }
      // The other handset's microphone has not let go of the device yet.
      track.stop();
    }
  }
}

/** What stands in the way of a microphone here, found without asking anybody. */
export async function captureObstacle(): Promise<"insecure_page" | "no_microphone" | null> {
  if (!isCaptureOffered()) return "insecure_page";
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.some((device) => device.kind === "audioinput") ? null : "no_microphone";
}

/** Tells when audio devices came or went. Returns what ends that. */
export function watchDevices(onChange: () => void): () => void {
  if (!isCaptureOffered()) return () => undefined;
  const { mediaDevices } = navigator;
  mediaDevices.addEventListener("devicechange", onChange);
  return () => mediaDevices.removeEventListener("devicechange", onChange);
}

/** What an exception of getUserMedia means for the person (Media Capture and Streams §10.3). */
export function toFault(error: unknown): MicrophoneFault {
  const name = error instanceof Error ? error.name : "";
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    default:
      // NotReadableError: another program keeps it. AbortError and the rest: it does not start.
      return "busy";
  }
}

/** Captures. Nothing when `signal` was aborted meanwhile: whoever gave up asking never sees the track. */
async function capture(
  audio: MediaTrackConstraints,
  signal: AbortSignal,
  captured: CapturedTracks,
): Promise<MediaStreamTrack | null> {
  if (!isCaptureOffered()) throw new MicrophoneError("insecure_page");
  let stream: MediaStream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    throw new MicrophoneError(toFault(error));
  }
  const [track] = stream.getAudioTracks();
  if (!track) throw new MicrophoneError("missing");
  captured.add(track);
  if (!signal.aborted) return track;
  track.stop();
  return null;
}

/** Captures from the device that the system prefers, else from any that can be opened. */
async function captureAny(
  treatment: SoundTreatment,
  signal: AbortSignal,
  captured: CapturedTracks,
): Promise<MediaStreamTrack | null> {
  const constraints = constraintsOf(treatment);
  try {
    return await capture(constraints, signal, captured);
  } catch (error) {
    if (!(error instanceof MicrophoneError) || error.fault === "denied") throw error;
    for (const { kind, deviceId } of await navigator.mediaDevices.enumerateDevices()) {
      if (kind !== "audioinput" || deviceId === "") continue;
      try {
        return await capture({ ...constraints, deviceId: { exact: deviceId } }, signal, captured);
      } catch (another) {
        if (!(another instanceof MicrophoneError)) throw another;
      }
    }
    throw error;
  }
}

/** Firefox changes a running capture. */
async function changeInPlace(track: MediaStreamTrack, treatment: SoundTreatment): Promise<void> {
  try {
    await track.applyConstraints(constraintsOf(treatment));
  } catch (error) {
    // A browser that cannot leaves the track as it was; not all make this error an `Error`.
    const name = (error as { name?: unknown } | null)?.name;
    if (name !== "OverconstrainedError" && !(error instanceof DOMException)) throw error;
  }
}

/** Browsers leave `mediaDevices` out of pages that are neither HTTPS nor localhost. */
function isCaptureOffered(): boolean {
  return isSecureContext && "mediaDevices" in navigator;
}

/** Why an open microphone went away: the event does not say, so look at what is left. */
async function lossOf(): Promise<MicrophoneFault> {
  if (await isForbidden()) return "denied";
  return (await captureObstacle()) === null ? "busy" : "missing";
}

async function isForbidden(): Promise<boolean> {
  try {
    const { state } = await navigator.permissions.query({ name: "microphone" });
    return state === "denied";
  } catch (error) {
    // Older browsers know no permission of that name.
    if (error instanceof TypeError) return false;
    throw error;
  }
}
