// The equipment of one tab: microphone, peer, tones and the other side's voice.
//
// It carries out the handset's effects and tells what came of them. It decides nothing. What was
// closed tells nothing any more: a microphone that opens too late is stopped unseen, an operation
// of a closed peer has no outcome.

import type { HandsetEffect } from "../protocol/HandsetEffect";
import type { HandsetInput } from "../protocol/HandsetInput";
import type { Tone } from "../protocol/Tone";
import { Microphone, MicrophoneError } from "./media";
import { type Levels, Peer } from "./peer";
import { RemoteSound } from "./remoteSound";
import { Tones } from "./tones";

/** What is done with equipment; the rest is sent. */
export type EquipmentEffect = Exclude<HandsetEffect, { type: "send" }>;

export interface EquipmentPorts {
  /** Where a new peer asks for its addresses. */
  readonly iceServers: () => RTCIceServer[];
  /** Takes what happened. */
  readonly happened: (input: HandsetInput) => void;
  /** Is told when the browser holds sound back until somebody touches the page, and when no longer. */
  readonly soundBlocked: (blocked: boolean) => void;
}

export class Equipment {
  readonly #ports: EquipmentPorts;
  readonly #tones: Tones;
  readonly #voice: RemoteSound;
  #opening: AbortController | null = null;
  #microphone: Microphone | null = null;
  #muted = false;
  #peer: Peer | null = null;
  #tone: Tone = "none";
  #reconnecting = false;
  readonly #blocked = { tones: false, voice: false };

  constructor(ports: EquipmentPorts) {
    this.#ports = ports;
    this.#tones = new Tones((blocked) => this.#tellBlocked("tones", blocked));
    this.#voice = new RemoteSound((blocked) => this.#tellBlocked("voice", blocked));
  }

  /** Whether a microphone is open or being opened. */
  get holdsMicrophone(): boolean {
    return this.#opening !== null;
  }

  /** Whether there is a peer. */
  get holdsPeer(): boolean {
    return this.#peer !== null;
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
        this.#muted = effect.muted;
        this.#microphone?.setMuted(effect.muted);
        break;
      case "make_offer":
        this.#existingPeer().makeOffer(effect.epoch, effect.ice_restart);
        break;
      case "make_answer":
        this.#existingPeer().makeAnswer(effect.description);
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
      case "close_peer":
        this.#closePeer();
        break;
      case "play":
        this.#tone = effect.tone;
        this.#playTone();
        break;
    }
  }

  /** Whether the soft cue of a path that broke is heard, while nothing else is. */
  setReconnecting(reconnecting: boolean): void {
    this.#reconnecting = reconnecting;
    this.#playTone();
  }

  /** Lets tones and voice sound where they were held back. From a tap or a key press only. */
  unblockSound(): void {
    this.#tones.unblock();
    this.#voice.play();
  }

  /** How loud both sides are now. */
  async levels(): Promise<Levels> {
    return (await this.#peer?.levels()) ?? { other: 0, own: 0 };
  }

  /** Closes the microphone and the peer, whatever the handset thinks. */
  release(): void {
    this.#closeMicrophone();
    this.#closePeer();
  }

  /** Closes everything for good. */
  close(): void {
    this.release();
    this.#tones.close();
    this.#voice.close();
  }

  async #openMicrophone(): Promise<void> {
    this.#closeMicrophone();
    const opening = new AbortController();
    this.#opening = opening;
    this.#muted = false;
    const { signal } = opening;
    try {
      const microphone = await Microphone.open(signal, (fault) =>
        this.#ports.happened({ type: "microphone_failed", fault }),
      );
      if (!microphone) return;
      this.#microphone = microphone;
      microphone.setMuted(this.#muted);
      this.#ports.happened({ type: "microphone_opened" });
    } catch (error) {
      if (!(error instanceof MicrophoneError)) throw error;
      if (signal.aborted) return;
      this.#opening = null;
      this.#ports.happened({ type: "microphone_failed", fault: error.fault });
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
    this.#voice.setOn(true);
    this.#peer = new Peer(this.#ports.iceServers(), {
      described: (description) => happened({ type: "described", description }),
      candidate: (candidate) => happened({ type: "candidate", candidate }),
      connected: () => happened({ type: "peer_connected" }),
      disconnected: () => happened({ type: "peer_disconnected" }),
      failed: () => happened({ type: "peer_failed" }),
      sound: (stream) => this.#voice.attach(stream),
      unusable: (error) => {
        // eslint-disable-next-line no-console -- the one trace of what the browser disliked
        console.warn("The call's connection cannot be used:", error);
        happened({ type: "peer_unusable" });
      },
    });
    return this.#peer;
  }

  #closePeer(): void {
    this.#peer?.close();
    this.#peer = null;
    this.#voice.detach();
  }

  #playTone(): void {
    const cue = this.#reconnecting ? "reconnecting" : null;
    this.#tones.play(this.#tone === "none" ? cue : this.#tone);
  }

  #tellBlocked(which: "tones" | "voice", blocked: boolean): void {
    const before = this.#blocked.tones || this.#blocked.voice;
    this.#blocked[which] = blocked;
    const after = this.#blocked.tones || this.#blocked.voice;
    if (after !== before) this.#ports.soundBlocked(after);
  }
}
