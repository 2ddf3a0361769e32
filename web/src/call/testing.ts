// What tests of a call are made with: a handset with pretended equipment, and numbers that look random.
//
// What comes of equipment waits in a line of its own until the test lets it arrive (`testWorld.ts`).

import VALUES from "../../../crates/call/scenarios/values.json";
import type { CallDescription } from "../protocol/CallDescription";
import type { CallSound } from "../protocol/CallSound";
import type { HandsetEffect } from "../protocol/HandsetEffect";
import type { HandsetInput } from "../protocol/HandsetInput";
import type { HandsetView } from "../protocol/HandsetView";
import type { RequestBody } from "../protocol/RequestBody";
import type { Role } from "../protocol/Role";
import { HANDSET_TIMEOUTS } from "../protocol/timeouts";
import { Handset } from "./handset";

/** Numbers from 0 to 1 that look random and are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

export const SILENT_SOUND: CallSound = { muted: false, on_hold: false, change: 0 };

/** One of the two devices. */
export class Side {
  readonly handset: Handset;
  readonly role: Role;
  /** What waits to arrive, each in its order. */
  readonly fromEquipment: HandsetInput[] = [];
  readonly fromServer: HandsetInput[] = [];
  readonly fromOther: HandsetInput[] = [];
  readonly toServer: RequestBody[] = [];
  /** The microphone's track, while there is one. */
  track: { enabled: boolean } | null = null;
  audible = true;
  /** Its peer connection, known by its certificate, with the one that the other side showed it. */
  connection: { readonly own: string; remote: string | null; open: boolean } | null = null;
  /** The newest that it said of its sound, by the number that it gave it; null until a call taken over is its own. */
  told: CallSound | null;
  #muted = false;

  constructor(role: Role, told: CallSound | null = SILENT_SOUND) {
    this.role = role;
    this.told = told;
    this.handset = new Handset(role === "caller" ? VALUES.ada : VALUES.bob, HANDSET_TIMEOUTS);
  }

  get view(): HandsetView {
    return this.handset.view();
  }

  /** Another microphone takes the place of the open one; it is as silent as that was told to be. */
  swapMicrophone(): void {
    if (this.track) this.track = { enabled: !this.#muted };
  }

  perform(effect: HandsetEffect, other: Side): void {
    switch (effect.type) {
      case "open_microphone":
        this.#muted = false;
        this.fromEquipment.push({ type: "microphone_opened" });
        return;
      case "close_microphone":
        this.track = null;
        this.#forget(({ type }) => type === "microphone_opened");
        return;
      case "set_muted":
        this.#muted = effect.muted;
        if (this.track) this.track.enabled = !effect.muted;
        return;
      case "make_offer":
        return this.#describe("offer", effect.epoch);
      case "make_answer":
        this.#describe("answer", effect.description.epoch);
        return this.#take(effect.description);
      case "use_answer":
        this.#take(effect.description);
        if (this.isConnectedTo(other)) {
          this.#connected();
          other.#connected();
        }
        return;
      case "close_peer":
        this.connection = null;
        this.audible = true;
        // Nothing is told any more of what was closed.
        this.fromOther.length = 0;
        this.#forget(({ type }) => type !== "microphone_opened");
        return;
      case "set_speaker":
        this.audible = effect.on;
        return;
      case "send_control":
        if (effect.message.type === "sound") this.#say(effect.message.sound);
        if (this.isConnectedTo(other)) {
          other.fromOther.push({ type: "control", message: effect.message });
        }
        return;
      case "send":
        if (effect.request.type === "set_sound") this.#say(effect.request.sound);
        this.toServer.push(effect.request);
        return;
      case "attach_microphone":
      case "add_candidates":
      case "keep_key":
      case "play":
        return;
    }
  }

  /** What comes of equipment comes to be before it is handed in. */
  arrive(input: HandsetInput): void {
    if (input.type === "microphone_opened") this.track = { enabled: !this.#muted };
  }

  isConnectedTo({ connection: there }: Side): boolean {
    const here = this.connection;
    if (!here || !there) return false;
    return here.remote === there.own && there.remote === here.own;
  }

  #describe(kind: "offer" | "answer", epoch: number): void {
    this.connection ??= { own: newFingerprint(), remote: null, open: false };
    const model = VALUES[`ada_${kind}_0`] as CallDescription;
    const description = { ...model, epoch, fingerprint: this.connection.own };
    this.fromEquipment.push({ type: "described", description });
  }

  #take({ fingerprint }: CallDescription): void {
    if (!this.connection) throw new Error("there is no connection");
    this.connection.remote ??= fingerprint;
    if (this.connection.remote !== fingerprint)
      throw new Error("a connection got another certificate");
  }

  #connected(): void {
    if (!this.connection) throw new Error("there is no connection");
    this.fromEquipment.push({ type: "peer_connected" });
    if (!this.connection.open) this.fromEquipment.push({ type: "control_opened" });
    this.connection.open = true;
  }

  #forget(what: (input: HandsetInput) => boolean): void {
    this.fromEquipment.splice(0, Infinity, ...this.fromEquipment.filter((one) => !what(one)));
  }

  #say(sound: CallSound): void {
    if (sound.change >= (this.told?.change ?? 0)) this.told = sound;
  }
}

let fingerprints = 0;

function newFingerprint(): string {
  fingerprints += 1;
  return fingerprints.toString(16).padStart(64, "0");
}
