// What tests of a call are made with: two devices, and a server between them.
//
// Whatever one sends to another waits in a line of its own until the test lets it arrive, so the test
// chooses the order of everything that can happen.

import VALUES from "../../../crates/call/scenarios/values.json";
import type { CallDescription } from "../protocol/CallDescription";
import type { CallId } from "../protocol/CallId";
import type { CallState } from "../protocol/CallState";
import type { CallView } from "../protocol/CallView";
import type { HandsetInput } from "../protocol/HandsetInput";
import type { RequestBody } from "../protocol/RequestBody";
import type { Role } from "../protocol/Role";
import { Side, SILENT_SOUND } from "./testing";

const ROLES = ["caller", "callee"] as const;
const SERVER_NOW = 1_700_000_000_000;

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
        attempt: VALUES.attempt,
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
