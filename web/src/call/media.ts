// The one file that owns getUserMedia.
//
// A microphone is asked for only when somebody calls or answers, and every way out of a call closes
// it. Whoever gave up asking never sees the track: it is stopped before anything else can hold it.
// The captured stream is never attached to anything audible.

import type { MicrophoneFault } from "../protocol/MicrophoneFault";

/** The microphone could not be opened. */
export class MicrophoneError extends Error {
  override readonly name = "MicrophoneError";

  constructor(readonly fault: MicrophoneFault) {
    super(`the microphone could not be opened: ${fault}`);
  }
}

/** An open microphone. */
export class Microphone {
  readonly #closed = new AbortController();

  private constructor(
    /** What is captured. Live until {@link close} or until the system takes it away. */
    readonly track: MediaStreamTrack,
    onLost: (fault: MicrophoneFault) => void,
  ) {
    const { signal } = this.#closed;
    track.addEventListener(
      "ended",
      () => {
        void lossOf().then((fault) => {
          if (!signal.aborted) onLost(fault);
        });
      },
      { signal },
    );
  }

  /**
   * Asks for the microphone; the browser may ask the person, for as long as they like.
   *
   * `onLost` is told once if the system takes the open microphone away (unplugged, forbidden).
   *
   * @returns nothing when `signal` was aborted before it was there.
   * @throws {MicrophoneError} when there is none to be had.
   */
  static async open(
    signal: AbortSignal,
    onLost: (fault: MicrophoneFault) => void,
  ): Promise<Microphone | null> {
    if (!isCaptureOffered()) throw new MicrophoneError("insecure_page");
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia(CONSTRAINTS);
    } catch (error) {
      throw new MicrophoneError(toFault(error));
    }
    const [track] = stream.getAudioTracks();
    if (!track) throw new MicrophoneError("missing");
    if (signal.aborted) {
      track.stop();
      return null;
    }
    return new Microphone(track, onLost);
  }

  /** Whether it hears anything. A muted track sends silence. */
  setMuted(muted: boolean): void {
    this.track.enabled = !muted;
  }

  /** Stops the capture. The browser's recording mark goes out. */
  close(): void {
    this.#closed.abort();
    this.track.stop();
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

const CONSTRAINTS: MediaStreamConstraints = {
  audio: {
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
    channelCount: 1,
  },
};

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
