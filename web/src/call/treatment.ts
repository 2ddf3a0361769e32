// How the browser treats the microphone's sound: what was chosen on this device, and what it means for a capture.

import type { SoundTreatment } from "./screen";

/** Where the choice is kept. */
const KEY = "ahoy.sound-treatment";

const ALL_ON: SoundTreatment = {
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
};

const SWITCHES = ["echoCancellation", "noiseSuppression", "autoGainControl"] as const;

/** What was chosen on this device; whatever is kept in another form counts as not chosen. */
export function loadTreatment(storage: Pick<Storage, "getItem">): SoundTreatment {
  const kept = parse(storage.getItem(KEY));
  const choose = (name: keyof SoundTreatment): boolean => {
    const value = kept[name];
    return typeof value === "boolean" ? value : ALL_ON[name];
  };
  return {
    echoCancellation: choose("echoCancellation"),
    noiseSuppression: choose("noiseSuppression"),
    autoGainControl: choose("autoGainControl"),
  };
}

export function saveTreatment(
  storage: Pick<Storage, "setItem">,
  { echoCancellation, noiseSuppression, autoGainControl }: SoundTreatment,
): void {
  storage.setItem(KEY, JSON.stringify({ echoCancellation, noiseSuppression, autoGainControl }));
}

/** Tells what was chosen in another tab of this browser. Gives what ends it. */
export function watchTreatment(chosen: (treatment: SoundTreatment) => void): () => void {
  const stop = new AbortController();
  addEventListener(
    "storage",
    ({ key, storageArea }) => {
      if (key === KEY && storageArea) chosen(loadTreatment(storageArea));
    },
    { signal: stop.signal },
  );
  return () => stop.abort();
}

/** What to capture with. */
export function constraintsOf(treatment: SoundTreatment): MediaTrackConstraints {
  return { ...treatment, channelCount: 1 };
}

/** Whether a capture is treated as wanted. What the browser does not tell cannot be wrong. */
export function isTreated(settings: MediaTrackSettings, treatment: SoundTreatment): boolean {
  return SWITCHES.every((name) => {
    const value: unknown = settings[name];
    return typeof value !== "boolean" || value === treatment[name];
  });
}

function parse(text: string | null): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text ?? "null");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
