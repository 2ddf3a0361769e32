// Drives the phone of the tab that has the calls: hands it everything that happens and has done what it asks for.
//
// The phone decides, the equipment and the line act. This file knows none of their matters; it keeps
// their order, one input after the other, and looks after each that what is held, shown and told agrees.

import { ConnectionIdentity } from "../identity/connectionIdentity";
import type { Identities, Whose } from "../identity/identities";
import { Disconnected, type Line, RequestRefused } from "../net/line";
import type { CallId } from "../protocol/CallId";
import type { AttemptId } from "../protocol/AttemptId";
import type { CallView } from "../protocol/CallView";
import type { ConversationId } from "../protocol/ConversationId";
import type { DeviceKey } from "../protocol/DeviceKey";
import type { HandsetEffect } from "../protocol/HandsetEffect";
import type { HandsetTimeouts } from "../protocol/HandsetTimeouts";
import type { HandsetView } from "../protocol/HandsetView";
import type { PhoneEffect } from "../protocol/PhoneEffect";
import type { PhoneInput } from "../protocol/PhoneInput";
import type { PhoneView } from "../protocol/PhoneView";
import type { RefusedRequest } from "../protocol/RefusedRequest";
import type { RelayAccess } from "../protocol/RelayAccess";
import type { RequestBody } from "../protocol/RequestBody";
import type { Role } from "../protocol/Role";
import type { Slot } from "../protocol/Slot";
import type { Timestamp } from "../protocol/Timestamp";
import type { UserId } from "../protocol/UserId";
import { Access, type PathRules } from "./access";
import type { CallMemory } from "./callMemory";
import type { Levels } from "./connection";
import { Equipment } from "./equipment";
import { NOTHING_TOLD, type SoundTold, soundTold, violations } from "./invariants";
import { Phone } from "./phone";
import { prepareRedundancy } from "./redundancy";
import type { SoundTreatment } from "./screen";
import { Tones } from "./tones";

const SLOTS: readonly Slot[] = ["a", "b"];

export interface DriverPorts {
  readonly line: Line;
  /** This device's key, and what is known of other people's. */
  readonly identities: Identities;
  /** The other person of a conversation; nothing where none is known. */
  readonly personOf: (conversation: ConversationId) => Whose | null;
  /** What this device knows of its calls from a page before. */
  readonly memory: CallMemory;
  /** The phone's clock: whole milliseconds that never go back. */
  readonly now: () => number;
  /** The host that the page is from. */
  readonly hostname: string;
  /** Which paths this account may look for; nothing before the first snapshot. */
  readonly pathRules: () => PathRules | null;
  /** The view changed. */
  readonly shown: (view: PhoneView) => void;
  /** Whether the browser holds back a tone or a voice until somebody touches the page. */
  readonly soundBlocked: (blocked: boolean) => void;
  /** A microphone went away, and its call goes on with another one of this name. */
  readonly microphoneChanged: (name: string) => void;
}

/** One handset's equipment, and what its other side was told last. */
interface Station {
  readonly equipment: Equipment;
  readonly access: Access;
  told: SoundTold | null;
  /** The key of the device at the other end. */
  otherKey: DeviceKey | null;
  /** What the handset showed last. */
  view: HandsetView;
}

export class PhoneDriver {
  readonly #me: UserId;
  readonly #ports: DriverPorts;
  readonly #phone: Phone;
  readonly #stations: Readonly<Record<Slot, Station>>;
  readonly #tones: Tones;
  /** What of the sound the browser holds back. */
  readonly #blocked = new Set<Slot | "tones">();
  readonly #inputs: PhoneInput[] = [];
  /** The faults that were found last, so that each is reported once. */
  #faults: ReadonlySet<string> = new Set();
  #handing = false;
  #disposed = false;
  #view: PhoneView;
  #shown = "";
  #tone: Extract<PhoneEffect, { type: "play" }>["tone"] = "none";
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    me: UserId,
    timeouts: HandsetTimeouts,
    treatment: SoundTreatment,
    ports: DriverPorts,
  ) {
    prepareRedundancy();
    this.#me = me;
    this.#ports = ports;
    this.#phone = new Phone(me, timeouts);
    this.#view = this.#phone.view();
    this.#tones = new Tones((blocked) => this.#tellBlocked("tones", blocked));
    this.#stations = { a: this.#station("a", treatment), b: this.#station("b", treatment) };
  }

  get view(): PhoneView {
    return this.#view;
  }

  setTimeouts(timeouts: HandsetTimeouts): void {
    this.#phone.setTimeouts(timeouts);
  }

  /** Begins with the calls that there are. One that was ended here stays ended, and what was muted stays muted. */
  begin(calls: readonly CallView[], now: Timestamp, resume: boolean): void {
    const { memory } = this.#ports;
    const isEnded = ({ call, here }: CallView): boolean =>
      here.at === "takes_part" && memory.wasEnded(call.id);
    const left = calls.filter((call) => !isEnded(call));
    const muted = left.map(({ call }) => call.id).filter((call) => memory.wasMuted(call));
    this.hand({ type: "welcome", calls: left, now, resume });
    for (const { call } of calls.filter(isEnded)) {
      void this.#send("a", { type: "hang_up", call: call.id, heard_ago: null });
    }
    const { current } = this.#view;
    const call = current.phase === "active" || current.phase === "outgoing" ? current.call : null;
    if (call !== null && muted.includes(call)) this.hand({ type: "mute", muted: true });
  }

  /** Hands inputs in one after the other: one that comes while another is handled waits. */
  hand(input: PhoneInput): void {
    if (this.#disposed) return;
    this.#inputs.push(input);
    if (this.#handing) return;
    this.#handing = true;
    try {
      for (let next = this.#inputs.shift(); next; next = this.#inputs.shift()) this.#step(next);
    } finally {
      this.#handing = false;
    }
  }

  /** The line is open again, with this snapshot. */
  welcome(calls: readonly CallView[], now: Timestamp): void {
    this.hand({ type: "welcome", calls: [...calls], now, resume: false });
    for (const slot of SLOTS) this.#stations[slot].access.lineIsBack();
  }

  /** Tells the other sides that this page goes away and may come back. */
  sayLeaving(): void {
    for (const slot of SLOTS) this.#stations[slot].equipment.sendControl({ type: "leaving" });
  }

  treatSound(treatment: SoundTreatment): void {
    for (const slot of SLOTS) this.#stations[slot].equipment.treatSound(treatment);
  }

  /** Lets tones and voices sound where they were held back. From a tap or a key press only. */
  unblockSound(): void {
    this.#tones.unblock();
    for (const slot of SLOTS) this.#stations[slot].equipment.unblockSound();
  }

  /** How loud both sides of the call in front are now. */
  async levels(): Promise<Levels> {
    const { current } = this.#view;
    const call = current.phase === "active" ? current.call : null;
    for (const { view, equipment } of Object.values(this.#stations)) {
      if (view.phase === "active" && view.call === call) return equipment.levels();
    }
    return { other: 0, own: 0 };
  }

  /** Closes everything and tells nothing any more. What becomes of the calls is decided before. */
  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
    this.#tones.close();
    for (const slot of SLOTS) this.#release(slot);
    this.#checkInvariants();
  }

  #station(slot: Slot, treatment: SoundTreatment): Station {
    const access = new Access({
      hostname: this.#ports.hostname,
      rules: this.#ports.pathRules,
      ask: (call) => this.#askForRelay(call),
      renewed: () => this.hand({ type: "handset", slot, input: { type: "relay_renewed" } }),
    });
    const equipment = new Equipment(
      {
        paths: access,
        identify: (attempt, role) => this.#identify(slot, attempt, role),
        happened: (input) => {
          if (input.type === "identified") this.#stations[slot].otherKey = input.key;
          // What broke the path may have broken the line, and a new path is agreed on over that.
          if (input.type === "peer_disconnected") this.#ports.line.check();
          this.hand({ type: "handset", slot, input });
        },
        // What carries the sound off may carry the line off as well, and the sooner that is known the sooner a new path
        // can be agreed on. The same question comes of a side that mutes itself; it is a small one.
        quiet: () => this.#ports.line.check(),
        soundBlocked: (blocked) => this.#tellBlocked(slot, blocked),
        microphoneChanged: this.#ports.microphoneChanged,
      },
      treatment,
    );
    return { equipment, access, told: NOTHING_TOLD, otherKey: null, view: { phase: "idle" } };
  }

  #step(input: PhoneInput): void {
    const effects = this.#phone.handle(this.#ports.now(), input);
    for (const slot of SLOTS) this.#look(slot);
    for (const effect of effects) this.#perform(effect);
    this.#show();
    this.#schedule();
    this.#checkInvariants();
  }

  /** Sees what a handset shows now. */
  #look(slot: Slot): void {
    const station = this.#stations[slot];
    const view = this.#phone.viewOf(slot);
    const isFree = (phase: HandsetView["phase"]): boolean => phase === "idle" || phase === "ended";
    // A call that is there at once is taken over, and what was told of it elsewhere is not known here.
    if (isFree(station.view.phase)) station.told = view.phase === "active" ? null : NOTHING_TOLD;
    station.view = view;
    const { access } = station;
    if (view.phase === "idle" || view.phase === "ended") {
      station.otherKey = null;
      access.end();
    } else {
      access.talksIn(view.conversation);
      if (view.phase === "incoming") access.mayAskFor(view.call);
    }
  }

  /** Something was learnt of somebody's keys. */
  async keysChanged(): Promise<void> {
    for (const slot of SLOTS) {
      const { otherKey: key, view } = this.#stations[slot];
      const other = this.#otherOf(view);
      if (key === null || other === null) continue;
      const standing = await this.#ports.identities.standing(other, key);
      if (this.#stations[slot].otherKey !== key) continue;
      this.hand({ type: "handset", slot, input: { type: "identified", key, standing } });
    }
  }

  /** What a connection of the call in a slot signs and checks descriptions with. */
  #identify(slot: Slot, attempt: AttemptId, role: Role): ConnectionIdentity {
    const other = this.#otherOf(this.#stations[slot].view);
    if (other === null) throw new Error("a connection with nobody");
    const { identities } = this.#ports;
    const [caller, callee] = role === "caller" ? [this.#me, other.id] : [other.id, this.#me];
    return new ConnectionIdentity({
      self: identities.self,
      call: { attempt, caller, callee },
      role,
      standing: (key) => identities.standing(other, key),
    });
  }

  #otherOf(view: HandsetView): Whose | null {
    return view.phase === "idle" ? null : this.#ports.personOf(view.conversation);
  }

  async #keepKey(slot: Slot, key: DeviceKey, verified: boolean): Promise<void> {
    const other = this.#otherOf(this.#stations[slot].view);
    if (other !== null) await this.#ports.identities.keep(other, key, verified);
  }

  async #askForRelay(call: CallId): Promise<RelayAccess | null> {
    const outcome = await this.#ports.line.request({ type: "access_relay", call });
    return outcome.type === "relay" ? outcome.access : null;
  }

  #perform(effect: PhoneEffect): void {
    if (effect.type === "play") {
      this.#tone = effect.tone;
      return;
    }
    const { slot, effect: asked } = effect;
    const station = this.#stations[slot];
    station.told = soundTold(station.told, asked);
    this.#performAt(slot, station.equipment, asked);
  }

  #performAt(slot: Slot, equipment: Equipment, effect: HandsetEffect): void {
    switch (effect.type) {
      case "send":
        void this.#send(slot, effect.request);
        break;
      case "keep_key":
        void this.#keepKey(slot, effect.key, effect.verified);
        break;
      case "play":
        // The phone plays one tone for both.
        break;
      default:
        if (asksForANewPath(effect)) this.#ports.line.check();
        equipment.perform(effect);
        break;
    }
  }

  async #send(slot: Slot, request: RequestBody): Promise<void> {
    const ended = callEndedBy(request);
    if (ended !== null) this.#ports.memory.ending(ended);
    try {
      const outcome = await this.#ports.line.request(request, { resend: true });
      if (ended !== null) this.#ports.memory.told(ended);
      if (outcome.type !== "call") return;
      const { call, now } = outcome;
      if (request.type === "start_call") {
        const { attempt } = request;
        this.hand({ type: "handset", slot, input: { type: "started", attempt, call, now } });
      } else if (request.type === "answer_call") {
        this.hand({ type: "handset", slot, input: { type: "answered", call, now } });
      } else if (request.type === "take_call") {
        this.hand({ type: "handset", slot, input: { type: "taken", call, now } });
      }
      this.#outcomeHeard(slot, call.call.id);
    } catch (error) {
      // The line is gone for good, and with it the page that shows calls.
      if (error instanceof Disconnected) return;
      if (!(error instanceof RequestRefused)) throw error;
      this.#refused(slot, request, error);
    }
  }

  /** The server has this device in a call, as far as the handset wants that. */
  #outcomeHeard(slot: Slot, call: CallId): void {
    const { view, access } = this.#stations[slot];
    const isHere = view.phase === "outgoing" || view.phase === "active";
    if (isHere && view.call === call) access.mayAskFor(call);
  }

  #refused(slot: Slot, request: RequestBody, { code, message }: RequestRefused): void {
    const ended = callEndedBy(request);
    if (ended !== null) this.#ports.memory.told(ended);
    const refused = refusedRequest(request);
    if (refused) {
      const input = { type: "refused", request: refused, code, message } as const;
      this.hand({ type: "handset", slot, input });
    } else {
      // The call that the server tells next says what holds; this is for whoever looks for the reason.
      // eslint-disable-next-line no-console
      console.warn(`The server refused ${request.type}: ${code}: ${message}`);
    }
  }

  #show(): void {
    const view = this.#phone.view();
    const { current } = view;
    const isBroken = current.phase === "active" && current.path === "reconnecting";
    const cue = isBroken ? "reconnecting" : null;
    this.#tones.play(this.#tone === "none" ? cue : this.#tone);
    const text = JSON.stringify(view);
    if (text === this.#shown) return;
    this.#shown = text;
    this.#view = view;
    this.#remember(view);
    this.#ports.shown(view);
  }

  #remember({ current, held }: PhoneView): void {
    for (const view of [current, held]) {
      if ((view?.phase === "active" || view?.phase === "outgoing") && view.call !== null) {
        this.#ports.memory.mute(view.call, view.muted);
      }
    }
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const at = this.#phone.pollTimeout();
    if (at === null || this.#disposed) return;
    const wait = Math.max(at - this.#ports.now(), 0);
    this.#timer = setTimeout(() => this.hand({ type: "tick" }), wait);
  }

  #release(slot: Slot): void {
    this.#stations[slot].equipment.release();
    this.#stations[slot].access.end();
    this.#stations[slot].view = { phase: "idle" };
  }

  #tellBlocked(what: Slot | "tones", blocked: boolean): void {
    const before = this.#blocked.size > 0;
    if (blocked) this.#blocked.add(what);
    else this.#blocked.delete(what);
    const after = this.#blocked.size > 0;
    if (after !== before) this.#ports.soundBlocked(after);
  }

  /** Reports what does not hold, and closes what is held without a call. */
  #checkInvariants(): void {
    const facts = (slot: Slot): Parameters<typeof violations>[1][Slot] => {
      const { equipment, told, view } = this.#stations[slot];
      return { ...equipment.held, told, view };
    };
    const found = violations(this.#view, { a: facts("a"), b: facts("b") });
    const says = new Set(found.map((violation) => violation.says));
    for (const { rule, slot, says } of found) {
      if (!this.#faults.has(says))
        reportError(new Error(`This should never be: ${says} (${rule})`));
      if (rule === "track_without_call" || rule === "connection_without_call") {
        this.#stations[slot].equipment.release();
      }
    }
    this.#faults = says;
  }
}

/**
 * Whether a new path is looked for in mid-call. What silenced the path may have cut the line as well, at the side that noticed
 * and no less at the side that is asked: it may hear everything and be heard nowhere.
 */
function asksForANewPath(effect: HandsetEffect): boolean {
  if (effect.type === "make_offer") return effect.ice_restart;
  return effect.type === "make_answer" && effect.description.epoch > 0;
}

/** The call that is over once the server has heard this; nothing for every other request. */
function callEndedBy(request: RequestBody): CallId | null {
  switch (request.type) {
    case "hang_up":
    case "cancel_call":
    case "decline_call":
      return request.call;
    case "report_call":
      return request.report.report === "connected" ? null : request.call;
    default:
      return null;
  }
}

function refusedRequest(request: RequestBody): RefusedRequest | null {
  switch (request.type) {
    case "start_call":
      return { request: "start", attempt: request.attempt };
    case "answer_call":
      return { request: "answer", call: request.call };
    case "take_call":
      return { request: "take", call: request.call };
    default:
      return null;
  }
}
