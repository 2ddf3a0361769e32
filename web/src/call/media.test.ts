import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Inventory } from "./belongings";
import { CapturedTracks, Microphone, MicrophoneError, toFault } from "./media";
import type { SoundTreatment } from "./screen";

const ALL_ON = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

let devices: FakeDevices;

beforeEach(() => {
  devices = new FakeDevices();
  vi.stubGlobal("isSecureContext", true);
  vi.stubGlobal("navigator", {
    mediaDevices: devices,
    permissions: {
      query: () => Promise.resolve({ state: devices.forbidden ? "denied" : "granted" }),
    },
  });
});
afterEach(() => void vi.unstubAllGlobals());

test.each([
  [new DOMException("no", "NotAllowedError"), "denied"],
  [new DOMException("no", "SecurityError"), "denied"],
  [new DOMException("no", "NotFoundError"), "missing"],
  [new DOMException("no", "OverconstrainedError"), "missing"],
  [new DOMException("no", "NotReadableError"), "busy"],
  [new DOMException("no", "AbortError"), "busy"],
  [new TypeError("no"), "busy"],
  ["no", "busy"],
] as const)("%o means %s", (error, fault) => {
  expect(toFault(error)).toBe(fault);
});

test("whoever gave up asking never sees the track", async () => {
  const { tracks, opening, abort } = open();
  abort();
  expect(await opening).toBeNull();
  expect(devices.opened).toHaveLength(1);
  expect(tracks.live).toEqual([]);
});

test("what cannot be opened says why", async () => {
  devices.forbidden = true;
  await expect(open().opening).rejects.toEqual(new MicrophoneError("denied"));
});

test("fault 20: when the device goes away the next one is used, and one notice tells", async () => {
  const { microphone, told, tracks } = await opened();
  tracks.setMuted(true);
  devices.unplug("headset");
  await settled();
  expect(told).toEqual(["replaced", "changed to built-in"]);
  expect(microphone.track.label).toBe("built-in");
  expect(microphone.track.enabled).toBe(false);
  expect(tracks.live).toEqual([microphone.track]);
});

test("fault 20: a device that comes changes nothing", async () => {
  const { microphone, told } = await opened();
  devices.plug("another");
  await settled();
  expect(told).toEqual([]);
  expect(microphone.track.label).toBe("headset");
  expect(devices.opened).toHaveLength(1);
});

test("where the preferred device cannot be opened, any other one is", async () => {
  const { microphone, told } = await opened();
  devices.plug("good");
  devices.broken.add("built-in");
  devices.unplug("headset");
  await settled();
  expect(told).toEqual(["replaced", "changed to good"]);
  expect(microphone.track.label).toBe("good");
});

test.each<[string, () => void]>([
  ["missing", () => devices.unplug("built-in")],
  ["busy", () => void devices.broken.add("built-in")],
  ["denied", () => void (devices.forbidden = true)],
])("only where no device can be opened the microphone is lost: %s", async (fault, make) => {
  const { told, tracks } = await opened();
  make();
  devices.unplug("headset");
  await settled();
  expect(told).toEqual([`lost: ${fault}`]);
  expect(tracks.live).toEqual([]);
});

test("a device that goes away again and again is given up", async () => {
  const { told } = await opened();
  for (let i = 0; i < 5; i += 1) {
    devices.opened.at(-1)?.end();
    await settled();
  }
  expect(told.filter((what) => what === "replaced")).toHaveLength(3);
  expect(told.at(-1)).toBe("lost: busy");
});

test.each([false, true])(
  "fault 22: a switch changes the running capture (browser changes in place: %s)",
  async (inPlace) => {
    devices.changesInPlace = inPlace;
    const { microphone, told, tracks } = await opened();
    tracks.setMuted(true);
    microphone.treat({ ...ALL_ON, noiseSuppression: false });
    microphone.treat({ ...ALL_ON, echoCancellation: false });
    await settled();
    expect(microphone.track.getSettings()).toMatchObject({ ...ALL_ON, echoCancellation: false });
    expect(microphone.track.label).toBe("headset");
    expect(microphone.track.enabled).toBe(false);
    expect(tracks.live).toEqual([microphone.track]);
    expect(told.includes("replaced")).toBe(!inPlace);
    expect(told).not.toContain("changed to headset");
  },
);

test("fault 22: a switch changes the captures of both handsets", async () => {
  const [one, other] = [await opened(), await opened()];
  for (const { microphone } of [one, other])
    microphone.treat({ ...ALL_ON, autoGainControl: false });
  await settled();
  for (const { microphone, tracks } of [one, other]) {
    expect(microphone.track.getSettings()).toMatchObject({ ...ALL_ON, autoGainControl: false });
    expect(tracks.live).toEqual([microphone.track]);
  }
});

test("a treatment that a device does not take on leaves the microphone open", async () => {
  devices.stubborn = true;
  const { microphone, told, tracks } = await opened();
  microphone.treat({ ...ALL_ON, autoGainControl: false });
  await settled();
  expect(told).toEqual(["replaced"]);
  expect(tracks.live).toEqual([microphone.track]);
});

test("a microphone that is closed while it is changed leaves nothing", async () => {
  const { microphone, told, tracks, inventory } = await opened();
  devices.unplug("headset");
  microphone.close();
  await settled();
  expect(told).toEqual([]);
  expect(tracks.live).toEqual([]);
  expect(inventory.listeners).toBe(0);
});

class FakeTrack extends EventTarget {
  enabled = true;
  readyState: MediaStreamTrackState = "live";
  treatment: SoundTreatment;

  constructor(
    readonly label: string,
    treatment: SoundTreatment,
    readonly changesInPlace: boolean,
  ) {
    super();
    this.treatment = treatment;
  }

  getSettings(): MediaTrackSettings {
    return { deviceId: this.label, ...this.treatment };
  }

  applyConstraints(constraints: SoundTreatment): Promise<void> {
    // Chromium says that it is done and changes nothing.
    if (this.changesInPlace) this.treatment = pick(constraints);
    return Promise.resolve();
  }

  stop(): void {
    this.readyState = "ended";
  }

  /** The system takes it away. */
  end(): void {
    this.stop();
    this.dispatchEvent(new Event("ended"));
  }
}

/** The first one is what the system prefers. */
class FakeDevices extends EventTarget {
  names = ["headset", "built-in"];
  broken = new Set<string>();
  forbidden = false;
  changesInPlace = false;
  /** Whether it is always treated as by default. */
  stubborn = false;
  opened: FakeTrack[] = [];

  async getUserMedia({ audio }: { audio: MediaTrackConstraints }): Promise<MediaStream> {
    await Promise.resolve();
    if (this.forbidden) throw new DOMException("no", "NotAllowedError");
    const exact = (audio.deviceId as { exact: string } | undefined)?.exact;
    const name = this.names.find((device) => exact === undefined || device === exact);
    if (name === undefined) throw new DOMException("no", "NotFoundError");
    if (this.broken.has(name)) throw new DOMException("no", "NotReadableError");
    // As Chromium does: all captures of a device are treated alike.
    const other = this.opened.find((track) => track.label === name && track.readyState === "live");
    const treatment = other?.treatment ?? (this.stubborn ? ALL_ON : pick(audio as SoundTreatment));
    const track = new FakeTrack(name, treatment, this.changesInPlace);
    this.opened.push(track);
    return { getAudioTracks: () => [track] } as unknown as MediaStream;
  }

  enumerateDevices(): Promise<Pick<MediaDeviceInfo, "kind" | "deviceId">[]> {
    return Promise.resolve(this.names.map((deviceId) => ({ kind: "audioinput", deviceId })));
  }

  plug(name: string): void {
    this.names.push(name);
    this.dispatchEvent(new Event("devicechange"));
  }

  unplug(name: string): void {
    this.names = this.names.filter((device) => device !== name);
    for (const track of this.opened) if (track.label === name) track.end();
    this.dispatchEvent(new Event("devicechange"));
  }
}

function pick({
  echoCancellation,
  noiseSuppression,
  autoGainControl,
}: SoundTreatment): SoundTreatment {
  return { echoCancellation, noiseSuppression, autoGainControl };
}

function open(): {
  opening: Promise<Microphone | null>;
  abort: () => void;
  told: string[];
  tracks: CapturedTracks;
  inventory: Inventory;
} {
  const told: string[] = [];
  const abort = new AbortController();
  const [tracks, inventory] = [new CapturedTracks(), new Inventory()];
  const events = {
    replaced: () => void told.push("replaced"),
    changed: (name: string) => void told.push(`changed to ${name}`),
    lost: (fault: string) => void told.push(`lost: ${fault}`),
  };
  const opening = Microphone.open(abort.signal, ALL_ON, events, { tracks, inventory });
  return { opening, abort: () => abort.abort(), told, tracks, inventory };
}

async function opened(): Promise<
  Omit<ReturnType<typeof open>, "opening"> & { microphone: Microphone }
> {
  const { opening, ...rest } = open();
  const microphone = await opening;
  if (!microphone) throw new Error("the microphone did not open");
  return { microphone, ...rest };
}

/** Everything that the fakes let wait has happened. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
}
