// The wiring of calls: hands the handset everything that happens and has done what it asks for.
//
// The handset decides, the equipment and the line act, the screen shows. This file knows none of
// their matters; it keeps their order, one input after the other, and looks after each that no
// microphone and no connection is left without a call on screen.

import type { LineListener } from "../net/line";
import { Disconnected, RequestRefused } from "../net/line";
import { uuidv7 } from "../net/uuid";
import type { HandsetEffect } from "../protocol/HandsetEffect";
import type { HandsetInput } from "../protocol/HandsetInput";
import type { HandsetView } from "../protocol/HandsetView";
import type { RequestBody } from "../protocol/RequestBody";
import type { Welcome } from "../protocol/Welcome";
import { Equipment } from "./equipment";
import { Handset } from "./handset";
import { captureObstacle, watchDevices } from "./media";
import { iceServers, isPeerOffered } from "./peer";
import { RingNotification } from "./ringNotification";
import type { CallController, CallPorts, CreateController } from "./screen";
import { timeoutsFrom } from "./timeouts";

export const createController: CreateController = (ports) => new Controller(ports);

/** How often the screen is told how loud both sides are. */
const LEVELS_INTERVAL_MS = 100;

class Controller implements CallController {
  readonly #ports: CallPorts;
  readonly #equipment: Equipment;
  readonly #notification = new RingNotification();
  /** Taken away at the end, newest first. */
  readonly #disposers: (() => void)[] = [];
  readonly #inputs: HandsetInput[] = [];
  #handset: Handset | null = null;
  #handing = false;
  #iceServers: RTCIceServer[] = [];
  #shown = "";
  #view: HandsetView = { phase: "idle" };
  #timer: ReturnType<typeof setTimeout> | undefined;
  #levelsTimer: ReturnType<typeof setInterval> | undefined;

  constructor(ports: CallPorts) {
    this.#ports = ports;
    this.#equipment = new Equipment({
      iceServers: () => this.#iceServers,
      happened: (input) => this.#hand(input),
      soundBlocked: (blocked) => ports.display.soundBlocked(blocked),
    });
    this.#disposers.push(
      ports.line.listen(this.#notification),
      ports.line.listen(this.#lineListener()),
      this.#watchPage(),
      this.#watchObstacle(),
    );
  }

  now(): number {
    return Math.floor(performance.now());
  }

  dial(conversation: string): void {
    this.#press({ type: "dial", attempt: uuidv7(), conversation });
  }

  answer(): void {
    this.#press({ type: "answer" });
  }

  reject(): void {
    this.#press({ type: "reject" });
  }

  end(): void {
    this.#press({ type: "end" });
  }

  mute(muted: boolean): void {
    this.#press({ type: "mute", muted });
  }

  speaker(on: boolean): void {
    this.#press({ type: "speaker", on });
  }

  dismiss(): void {
    this.#press({ type: "dismiss" });
  }

  enableSound(): void {
    this.#equipment.unblockSound();
  }

  dispose(): void {
    // A call that only rings here goes on ringing on the person's other devices.
    if (this.#isOnCall()) this.#hand({ type: "end" });
    for (const dispose of this.#disposers.reverse()) dispose();
    clearTimeout(this.#timer);
    clearInterval(this.#levelsTimer);
    this.#notification.clear();
    this.#equipment.close();
    this.#handset = null;
  }

  /** Every press is a touch of the page, which browsers wait for before they let sound through. */
  #press(input: HandsetInput): void {
    this.#equipment.unblockSound();
    this.#hand(input);
  }

  /** Hands inputs in one after the other: one that comes while another is handled waits. */
  #hand(input: HandsetInput): void {
    this.#inputs.push(input);
    if (this.#handing) return;
    this.#handing = true;
    try {
      for (let next = this.#inputs.shift(); next; next = this.#inputs.shift()) this.#step(next);
    } finally {
      this.#handing = false;
    }
  }

  #step(input: HandsetInput): void {
    const handset = this.#handset;
    // Before the first snapshot nobody can call or be called.
    if (!handset) return;
    for (const effect of handset.handle(this.now(), input)) this.#perform(effect);
    this.#show(handset.view());
    this.#schedule(handset);
    this.#checkInvariants();
  }

  #perform(effect: HandsetEffect): void {
    if (effect.type === "send") void this.#send(effect.request);
    else this.#equipment.perform(effect);
  }

  async #send(request: RequestBody): Promise<void> {
    try {
      const outcome = await this.#ports.line.request(request, { resend: true });
      if (outcome.type !== "call") return;
      const { call, now } = outcome;
      if (request.type === "start_call") {
        this.#hand({ type: "started", attempt: request.attempt, call, now });
      } else if (request.type === "answer_call") {
        this.#hand({ type: "answered", call, now });
      }
    } catch (error) {
      // The line is gone for good, and with it the page that shows calls.
      if (error instanceof Disconnected) return;
      if (!(error instanceof RequestRefused)) throw error;
      this.#refused(request, error);
    }
  }

  #refused(request: RequestBody, { code, message }: RequestRefused): void {
    if (request.type === "start_call") {
      const { attempt } = request;
      this.#hand({ type: "refused", request: { request: "start", attempt }, code, message });
    } else if (request.type === "answer_call") {
      const { call } = request;
      this.#hand({ type: "refused", request: { request: "answer", call }, code, message });
    } else {
      // The call that the server tells next says what holds; this is for whoever looks for the reason.
      // eslint-disable-next-line no-console
      console.warn(`The server refused ${request.type}: ${code}: ${message}`);
    }
  }

  #lineListener(): LineListener {
    return {
      welcome: (welcome) => this.#welcome(welcome),
      frame: (frame) => {
        switch (frame.type) {
          case "call":
            this.#hand({ type: "call", call: frame.call, now: frame.now });
            break;
          case "description":
            this.#hand({ ...frame, type: "remote_description" });
            break;
          case "candidates":
            this.#hand({ ...frame, type: "remote_candidates" });
            break;
          default:
            break;
        }
      },
      down: () => this.#hand({ type: "socket_lost" }),
    };
  }

  #welcome({ me, ice, limits, calls, now }: Welcome): void {
    this.#iceServers = iceServers(location.hostname, ice.stun_port);
    const timeouts = timeoutsFrom(limits);
    if (this.#handset) this.#handset.setTimeouts(timeouts);
    else this.#handset = new Handset(me.id, timeouts);
    this.#hand({ type: "welcome", calls, now });
  }

  #show(view: HandsetView): void {
    const text = JSON.stringify(view);
    if (text === this.#shown) return;
    this.#shown = text;
    this.#view = view;
    this.#ports.display.show(view);
    this.#equipment.setReconnecting(view.phase === "active" && view.path === "reconnecting");
    if (view.phase === "incoming") this.#notification.show(view.conversation);
    else this.#notification.clear();
    this.#followLevels();
  }

  #schedule(handset: Handset): void {
    clearTimeout(this.#timer);
    const at = handset.pollTimeout();
    if (at === null) return;
    this.#timer = setTimeout(() => this.#hand({ type: "tick" }), Math.max(at - this.now(), 0));
  }

  #isOnCall(): boolean {
    return this.#view.phase === "outgoing" || this.#view.phase === "active";
  }

  /** Tells the screen the levels while somebody sees them. */
  #followLevels(): void {
    const wanted = this.#view.phase === "active" && !document.hidden;
    if (wanted === (this.#levelsTimer !== undefined)) return;
    clearInterval(this.#levelsTimer);
    this.#levelsTimer = undefined;
    if (!wanted) return;
    this.#levelsTimer = setInterval(() => {
      void this.#equipment.levels().then(({ other, own }) => {
        if (this.#levelsTimer !== undefined) this.#ports.display.levels(other, own);
      });
    }, LEVELS_INTERVAL_MS);
  }

  #watchPage(): () => void {
    const stop = new AbortController();
    const { signal } = stop;
    const networkChanged = (): void => this.#hand({ type: "network_changed" });
    addEventListener("online", networkChanged, { signal });
    // Chromium only; the others notice by the silence of the path.
    const { connection } = navigator as { connection?: EventTarget };
    connection?.addEventListener("change", networkChanged, { signal });
    document.addEventListener("visibilitychange", () => this.#followLevels(), { signal });
    addEventListener(
      "beforeunload",
      (event) => {
        if (this.#isOnCall()) event.preventDefault();
      },
      { signal },
    );
    return () => stop.abort();
  }

  #watchObstacle(): () => void {
    const { display } = this.#ports;
    let watching = true;
    const look = async (): Promise<void> => {
      const obstacle = isPeerOffered() ? await captureObstacle() : "no_webrtc";
      if (watching) display.obstacle(obstacle);
    };
    void look();
    const stop = watchDevices(() => void look());
    return () => {
      watching = false;
      stop();
    };
  }

  /** No microphone and no connection without a call on screen; if there is, both are closed. */
  #checkInvariants(): void {
    const fault = leftOver(this.#view, this.#equipment);
    if (fault === null) return;
    this.#equipment.release();
    const error = new Error(`${fault} without a call on screen: ${this.#shown}`);
    // eslint-disable-next-line no-console -- a fault of ours, and whoever sees it should report it
    console.error(error);
    if (import.meta.env.MODE === "test") throw error;
  }
}

/** What is held although the view shows no call that needs it. */
export function leftOver(
  view: HandsetView,
  held: Pick<Equipment, "holdsMicrophone" | "holdsPeer">,
): string | null {
  const isCall = view.phase === "outgoing" || view.phase === "active";
  const isAnswering = view.phase === "incoming" && view.answering;
  if (held.holdsMicrophone && !isCall && !isAnswering) return "a microphone";
  if (held.holdsPeer && !isCall && view.phase !== "incoming") return "a connection";
  return null;
}
