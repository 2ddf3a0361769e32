// The equipment of one handset: its microphone, its peer and the other side's voice.
//
// It carries out the handset's effects and tells what came of them. It decides nothing. What was
// closed tells nothing any more: a microphone that opens too late is stopped unseen, an operation
// of a closed peer has no outcome.

import type { ControlMessage } from "../protocol/ControlMessage";
import type { HandsetEffect } from "../protocol/HandsetEffect";
import type { HandsetInput } from "../protocol/HandsetInput";
import type { Paths } from "./access";
import { Inventory } from "./belongings";
import { Connections, type Levels } from "./connection";
import type { SlotFacts } from "./invariants";
import { CapturedTracks, Microphone, MicrophoneError } from "./media";
import { type Identify, Peer } from "./peer";
import { RemoteSound } from "./remoteSound";
import type { SoundTreatment } from "./screen";

/** What is done with equipment; the rest is sent, or played by the phone. */
export type EquipmentEffect = Exclude<HandsetEffect, { type: "send" | "play" | "keep_key" }>;

export interface EquipmentPorts {
  /** What a peer may use to find its paths. */
  readonly paths: Paths;
  /** What a peer signs and checks descriptions with. */
  readonly identify: Identify;
  /** Takes what happened. */
  readonly happened: (input: HandsetInput) => void;
  /** The other side's packets stopped coming. */
  readonly quiet: () => void;
  /** Is told when the browser holds the voice back until somebody touches the page, and when no longer. */
  readonly soundBlocked: (blocked: boolean) => void;
  /** The microphone went away, and the call goes on with another one of this name. */
  readonly microphoneChanged: (name: string) => void;
}

/** What is held, for whoever checks that nothing is left. */
export type Held = Pick<
  SlotFacts,
  "opening" | "tracks" | "connections" | "farewells" | "listeners" | "timers"
>;

export class Equipment {
  readonly #ports: EquipmentPorts;
  readonly #voice: RemoteSound;
  readonly #inventory = new Inventory();
  readonly #tracks = new CapturedTracks();
  readonly #connections = new Connections();
  #treatment: SoundTreatment;
  #opening: AbortController | null = null;
  #microphone: Microphone | null = null;
  #peer: Peer | null = null;

  constructor(ports: EquipmentPorts, treatment: SoundTreatment) {
    this.#ports = ports;
    this.#treatment = treatment;
    this.#voice = new RemoteSound(ports.soundBlocked);
  }

  get held(): Held {
    return {
      opening: this.#opening !== null,
      tracks: this.#tracks.live,
      connections: this.#connections.open,
      farewells: this.#connections.farewells,
      listeners: this.#inventory.listeners,
      timers: this.#inventory.timers,
    };
  }

  perform(effect: EquipmentEffect): void {
    switch (effect.type) {
      case "open_microphone":
        void this.#openMicrophone();
        break;
      case "close_microphone":
        this.#closeMicrophone();
        break;
      case "set_muted":
        this.#tracks.setMuted(effect.muted);
        break;
      case "make_offer": {
        const { epoch, ice_restart, attempt, role } = effect;
        this.#existingPeer().makeOffer(epoch, ice_restart, attempt, role);
        break;
      }
      case "make_answer":
        this.#existingPeer().makeAnswer(effect.description, effect.attempt, effect.role);
        break;
      case "attach_microphone":
        this.#peer?.attach(this.#microphone?.track ?? null);
        break;
      case "use_answer":
        this.#peer?.useAnswer(effect.description);
        break;
      case "add_candidates":
        this.#peer?.addCandidates(effect.candidates);
        break;
      case "set_speaker":
        this.#voice.setOn(effect.on);
        break;
      case "send_control":
        this.sendControl(effect.message);
        break;
      case "close_peer":
        this.#closePeer();
        break;
    }
  }

  /** Tells the other side something over the control channel, where that is open. */
  sendControl(message: ControlMessage): void {
    this.#peer?.sendControl(message);
  }

  /** How the browser treats the microphone's sound from now on. */
  treatSound(treatment: SoundTreatment): void {
    this.#treatment = treatment;
    this.#microphone?.treat(treatment);
  }

  /** Lets the voice sound where it was held back. From a tap or a key press only. */
  unblockSound(): void {
    this.#voice.play();
  }

  /** How loud both sides are now. */
  async levels(): Promise<Levels> {
    return (await this.#peer?.levels()) ?? { other: 0, own: 0 };
  }

  /** Closes everything, whatever the handset thinks. */
  release(): void {
    this.#closeMicrophone();
    this.#closePeer();
  }

  async #openMicrophone(): Promise<void> {
    this.#closeMicrophone();
    const opening = new AbortController();
    this.#opening = opening;
    // A new call; within one, a new peer changes neither.
    this.#tracks.setMuted(false);
    this.#voice.setOn(true);
    const { signal } = opening;
    const { happened, microphoneChanged } = this.#ports;
    const treatment = this.#treatment;
    try {
      const microphone = await Microphone.open(
        signal,
        treatment,
        {
          replaced: (track) => this.#peer?.attach(track),
          changed: microphoneChanged,
          lost: (fault) => happened({ type: "microphone_failed", fault }),
        },
        { tracks: this.#tracks, inventory: this.#inventory },
      );
      if (!microphone) return;
      this.#opening = null;
      this.#microphone = microphone;
      if (this.#treatment !== treatment) microphone.treat(this.#treatment);
      happened({ type: "microphone_opened" });
    } catch (error) {
      if (!(error instanceof MicrophoneError)) throw error;
      if (signal.aborted) return;
      this.#opening = null;
      happened({ type: "microphone_failed", fault: error.fault });
    }
  }

  #closeMicrophone(): void {
    this.#opening?.abort();
    this.#opening = null;
    this.#microphone?.close();
    this.#microphone = null;
  }

  #existingPeer(): Peer {
    if (this.#peer) return this.#peer;
    const { happened } = this.#ports;
    this.#peer = new Peer(
      this.#ports.paths,
      this.#ports.identify,
      {
        described: (description) => happened({ type: "described", description }),
        candidate: (candidate) => happened({ type: "candidate", candidate }),
        identified: (key, standing) => happened({ type: "identified", key, standing }),
        coded: (code) => happened({ type: "coded", code }),
        forged: (error) => {
          // eslint-disable-next-line no-console -- the one trace of what was wrong
          console.warn("Somebody may be in between:", error);
          happened({ type: "peer_forged", may_be_late: error.mayBeLate });
        },
        connected: () => happened({ type: "peer_connected" }),
        disconnected: () => happened({ type: "peer_disconnected" }),
        failed: () => happened({ type: "peer_failed" }),
        route: (route) => happened({ type: "route_changed", route }),
        heard: () => happened({ type: "heard" }),
        quiet: this.#ports.quiet,
        controlOpened: () => happened({ type: "control_opened" }),
        control: (message) => happened({ type: "control", message }),
        sound: (stream) => this.#voice.attach(stream),
        unusable: (error) => {
          // eslint-disable-next-line no-console -- the one trace of what the browser disliked
          console.warn("The call's connection cannot be used:", error);
          happened({ type: "peer_unusable" });
        },
      },
      { connections: this.#connections, inventory: this.#inventory },
    );
    return this.#peer;
  }

  #closePeer(): void {
    this.#peer?.close();
    this.#peer = null;
    this.#voice.detach();
  }
}
