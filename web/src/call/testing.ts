// What tests of a call are made with: two handsets with pretended equipment, and a server between them.
//
// Whatever one sends to another waits in a line of its own until the test lets it arrive, so the test
// chooses the order of everything that can happen.

import VALUES from "../../../crates/call/scenarios/values.json";
import type { CallDescription } from "../protocol/CallDescription";
import type { CallId } from "../protocol/CallId";
import type { CallSound } from "../protocol/CallSound";
import type { CallState } from "../protocol/CallState";
import type { CallView } from "../protocol/CallView";
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
const ROLES = ["caller", "callee"] as const;
const SERVER_NOW = 1_700_000_000_000;

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

/** Two devices, Ada's who calls and Bob's, and a server that knows their call. */
export class World {
  caller = new Side("caller");
  callee = new Side("callee");
  readonly sounds = { caller: SILENT_SOUND, callee: SILENT_SOUND };
  #now = 0;
  #revision = 0;
  #state: CallState | null = null;
  #descriptions: Partial<Record<Role, CallDescription>> = {};
  readonly #connected = new Set<Role>();

  constructor() {
    for (const side of this.sides) this.hand(side, { type: "welcome", calls: [], now: SERVER_NOW });
  }

  get sides(): readonly Side[] {
    return [this.caller, this.callee];
  }

  get answered(): boolean {
    return this.#state !== null && this.#state.state !== "ringing";
  }

  other({ role }: Side): Side {
    return role === "caller" ? this.callee : this.caller;
  }

  /** A page is loaded anew: all that it held is gone, and it takes its call up again. */
  reload({ role }: Side): Side {
    const side = new Side(role, null);
    this[role] = side;
    this.other(side).fromEquipment.push({ type: "peer_disconnected" });
    const call = this.#view(role);
    this.hand(side, { type: "welcome", calls: [call], now: SERVER_NOW });
    this.hand(side, { type: "take", call, now: SERVER_NOW });
    return side;
  }

  /** Time passes until the next of the two has something to do by itself. */
  wait(): void {
    const times = this.sides.map(({ handset }) => handset.pollTimeout());
    this.#now = Math.max(this.#now, Math.min(...times.filter((time) => time !== null)));
    for (const side of this.sides) this.hand(side, { type: "tick" });
  }

  hand(side: Side, input: HandsetInput): void {
    this.#now += 1;
    side.arrive(input);
    for (const effect of side.handset.handle(this.#now, input)) {
      side.perform(effect, this.other(side));
    }
  }

  /** Everything that waits to arrive somewhere: calling one lets it. */
  get waiting(): (() => void)[] {
    return this.sides.flatMap((side) => {
      const inputs = [side.fromEquipment, side.fromServer, side.fromOther].map((line) => () => {
        const input = line.shift();
        if (input) this.hand(side, input);
      });
      const request = (): void => {
        const body = side.toServer.shift();
        if (body) this.#asked(side, body);
      };
      const lines = [side.fromEquipment, side.fromServer, side.fromOther, side.toServer];
      return [...inputs, request].filter((_, i) => (lines[i]?.length ?? 0) > 0);
    });
  }

  /** The server forgets descriptions and what devices do with their sound; what it had sent and nobody read is lost. */
  restartServer(): void {
    for (const role of ROLES) this.sounds[role] = SILENT_SOUND;
    this.#descriptions = {};
    this.#revision += 1;
    for (const side of this.sides) {
      side.fromServer.length = 0;
      const calls = [this.#view(side.role)];
      side.fromServer.push({ type: "socket_lost" }, { type: "welcome", calls, now: SERVER_NOW });
    }
  }

  #asked(side: Side, body: RequestBody): void {
    const now = SERVER_NOW;
    switch (body.type) {
      case "start_call": {
        const { attempt } = body;
        this.#descriptions.caller = body.description;
        this.#state = { state: "ringing", devices: 0, expires_at: SERVER_NOW };
        side.fromServer.push({ type: "started", attempt, call: this.#view("caller"), now });
        this.callee.fromServer.push({ type: "call", call: this.#view("callee"), now });
        return;
      }
      case "answer_call":
        this.#descriptions.callee = body.description;
        this.#state = { state: "connecting", expires_at: SERVER_NOW };
        this.#revision += 1;
        side.fromServer.push({ type: "answered", call: this.#view("callee"), now });
        this.caller.fromServer.push({ type: "call", call: this.#view("caller"), now });
        return;
      case "set_sound":
        if (body.sound.change > this.sounds[side.role].change) {
          this.sounds[side.role] = body.sound;
          this.#tell();
        }
        return;
      case "report_call":
        this.#connected.add(side.role);
        if (this.#connected.size === 2 && this.#state?.state !== "active") {
          this.#state = { state: "active", since: SERVER_NOW };
          this.#tell();
        }
        return;
      case "describe_call": {
        this.#descriptions[side.role] = body.description;
        const { call, description } = body;
        this.other(side).fromServer.push({ type: "remote_description", call, description });
        return;
      }
      case "take_call":
        return this.#taken(side, body.call, body.description);
      default:
        return;
    }
  }

  #taken(side: Side, call: CallId, description: CallDescription): void {
    if (description.epoch <= this.#epoch()) {
      const request = { request: "take", call } as const;
      const words = { code: "bad_request", message: "The epoch is too low." } as const;
      side.fromServer.push({ type: "refused", request, ...words });
      return;
    }
    this.#descriptions[side.role] = description;
    if (this.#state?.state === "connecting") this.#connected.delete(side.role);
    this.#revision += 1;
    side.fromServer.push({ type: "taken", call: this.#view(side.role), now: SERVER_NOW });
    this.other(side).fromServer.push({ type: "remote_description", call, description });
  }

  #epoch(): number {
    return Math.max(0, ...Object.values(this.#descriptions).map(({ epoch }) => epoch));
  }

  #tell(): void {
    this.#revision += 1;
    for (const side of this.sides) {
      side.fromServer.push({ type: "call", call: this.#view(side.role), now: SERVER_NOW });
    }
  }

  #view(role: Role): CallView {
    if (!this.#state) throw new Error("there is no call yet");
    const description = this.#descriptions[role === "caller" ? "callee" : "caller"];
    return {
      call: {
        id: VALUES.call,
        revision: this.#revision,
        conversation: VALUES.talk_with_bob,
        caller: VALUES.ada,
        callee: VALUES.bob,
        started_at: SERVER_NOW,
        state: this.#state,
        caller_sound: this.sounds.caller,
        callee_sound: this.sounds.callee,
      },
      role,
      here: { at: role === "callee" && !this.answered ? "rings" : "takes_part" },
      remote: description ? { description, candidates: [] } : null,
      epoch: this.#epoch(),
    };
  }
}

let fingerprints = 0;

function newFingerprint(): string {
  fingerprints += 1;
  return fingerprints.toString(16).padStart(64, "0");
}
