// The wiring of calls: which tab has them, what a press means here, and what the screen is told.
//
// In the tab that has the calls it drives the phone (`phoneDriver.ts`). In every other tab it shows
// what that one tells, sends it the presses that need neither microphone nor sound, and brings the calls here for all
// others. It decides nothing about calls.

import type { Code } from "../identity/code";
import { Identities, type Whose } from "../identity/identities";
import { BrowserStore } from "../identity/store";
import { type LineListener, type PushFrame, Disconnected, RequestRefused } from "../net/line";
import { watchNetwork } from "../net/network";
import { uuidv7 } from "../net/uuid";
import type { CallId } from "../protocol/CallId";
import type { ConversationId } from "../protocol/ConversationId";
import type { DeviceKey } from "../protocol/DeviceKey";
import type { PhoneInput } from "../protocol/PhoneInput";
import type { PhoneView } from "../protocol/PhoneView";
import type { Welcome } from "../protocol/Welcome";
import { CallMemory } from "./callMemory";
import { isPeerOffered } from "./connection";
import { KnownCalls } from "./knownCalls";
import { captureObstacle, watchDevices } from "./media";
import { KnownPathRules } from "./pathRules";
import { PhoneDriver } from "./phoneDriver";
import { RingNotification } from "./ringNotification";
import type {
  CallController,
  CallPorts,
  CreateController,
  DeviceObstacle,
  SoundTreatment,
} from "./screen";
import type { GuestPress } from "./tabMessages";
import { type Ownership, Tabs } from "./tabs";
import { timeoutsFrom } from "./timeouts";
import { loadTreatment, saveTreatment, watchTreatment } from "./treatment";

export const createController: CreateController = (ports) => new Controller(ports);

/** How often the screen is told how loud both sides are. */
const LEVELS_INTERVAL_MS = 100;

const NO_CALL: PhoneView = {
  current: { phase: "idle" },
  waiting: null,
  held: null,
  elsewhere: null,
};

class Controller implements CallController {
  readonly #ports: CallPorts;
  readonly #notification = new RingNotification();
  readonly #people = new Map<ConversationId, Whose>();
  readonly #known = new KnownCalls(() => performance.now());
  /** Taken away at the end, newest first. */
  readonly #disposers: (() => void)[] = [];
  #treatment = loadTreatment(localStorage);
  #welcome: Welcome | null = null;
  #identities: Identities | null = null;
  /** Whether the server knows this device's key. */
  #hasKey = false;
  /** Why it never will. */
  #keyFault: DeviceObstacle | null = null;
  #pathRules: KnownPathRules | null = null;
  #tabs: Tabs | null = null;
  /** There while this tab has the calls. */
  #driver: PhoneDriver | null = null;
  #view = NO_CALL;
  /** By how many milliseconds the clock of the tab that has the calls is ahead of this tab's. */
  #clockAhead = 0;
  #levelsTimer: ReturnType<typeof setInterval> | undefined;

  constructor(ports: CallPorts) {
    this.#ports = ports;
    this.#disposers.push(
      ports.line.listen(this.#notification),
      ports.line.listen(this.#lineListener()),
      this.#watchNetwork(),
      this.#watchPage(),
      this.#watchObstacle(),
      watchTreatment((treatment) => this.#treat(treatment)),
    );
    ports.display.soundTreatment(this.#treatment);
  }

  now(): number {
    return Math.floor(performance.now() + this.#clockAhead);
  }

  dial(conversation: ConversationId): void {
    this.#pressHere({ type: "dial", attempt: uuidv7(), conversation });
  }

  answer(): void {
    this.#pressHere({ type: "answer" });
  }

  endAndAnswer(): void {
    this.#pressHere({ type: "end_and_answer" });
  }

  holdAndAnswer(): void {
    this.#pressHere({ type: "hold_and_answer" });
  }

  reject(call: CallId): void {
    this.#press({ type: "reject", call });
  }

  silence(): void {
    this.#press({ type: "silence" });
  }

  end(): void {
    this.#press({ type: "end" });
  }

  hold(): void {
    this.#press({ type: "hold" });
  }

  resume(call: CallId): void {
    this.#press({ type: "resume", call });
  }

  take(call: CallId): void {
    this.#pressHere({ type: "take", call });
  }

  bringHere(): void {
    this.#pressHere(null);
  }

  talkAnyway(): void {
    this.#press({ type: "talk_anyway" });
  }

  compared(code: Code, same: boolean): void {
    this.#press({ type: "compared", code, same });
  }

  /** Says that another device of this account is the person's own. */
  async endorse(key: DeviceKey): Promise<void> {
    const signature = await this.#identities?.endorse(key);
    if (signature === undefined) return;
    await this.#ports.line.request({ type: "endorse_key", key, signature }, { resend: true });
    await this.#keysChanged();
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
    this.#driver?.unblockSound();
  }

  treatSound(treatment: SoundTreatment): void {
    saveTreatment(localStorage, treatment);
    this.#treat(treatment);
  }

  #treat(treatment: SoundTreatment): void {
    this.#treatment = treatment;
    this.#driver?.treatSound(treatment);
    this.#ports.display.soundTreatment(treatment);
  }

  dispose(): void {
    const driver = this.#driver;
    // A call that only rings here goes on ringing on the person's other devices.
    while (driver && isOnCall(driver.view)) {
      const before = driver.view;
      driver.hand({ type: "end" });
      if (driver.view === before) break;
    }
    this.#letGo();
    for (const dispose of this.#disposers.reverse()) dispose();
    clearInterval(this.#levelsTimer);
    this.#notification.dispose();
    this.#tabs?.close();
  }

  /** A press that the tab with the calls carries out, wherever it was pressed. */
  #press(press: GuestPress): void {
    if (this.#driver) this.#carryOut(press);
    else this.#tabs?.press(press);
  }

  /** A press that needs the calls in this tab, where the person is; nothing only brings them. */
  #pressHere(press: PhoneInput | null): void {
    if (this.#driver) {
      if (press) this.#carryOut(press);
      return;
    }
    void this.#tabs?.bring().then(() => {
      const elsewhere = this.#driver?.view.elsewhere ?? null;
      if (press) this.#carryOut(press);
      // Where the tab that had them went away meanwhile, this one inherited them and waits for a press.
      else if (elsewhere?.device === null) this.#carryOut({ type: "take", call: elsewhere.call });
    });
  }

  /** Every press is a touch of the page, which browsers wait for before they let sound through. */
  #carryOut(press: PhoneInput): void {
    this.#driver?.unblockSound();
    this.#driver?.hand(press);
  }

  #lineListener(): LineListener {
    return {
      welcome: (welcome) => this.#welcomed(welcome),
      frame: (frame) => this.#framed(frame),
      down: () => this.#driver?.hand({ type: "socket_lost" }),
    };
  }

  #welcomed(welcome: Welcome): void {
    this.#welcome = welcome;
    if (this.#pathRules) this.#pathRules.snapshot(welcome);
    else this.#pathRules = new KnownPathRules(welcome);
    const { me, limits, calls, now } = welcome;
    this.#identities ??= new Identities(me, new BrowserStore(indexedDB));
    for (const keys of welcome.keys) this.#identities.listed(keys);
    for (const { id, person } of welcome.conversations) this.#people.set(id, person);
    void this.#publishKey(this.#identities);
    this.#known.snapshot(calls, now);
    this.#driver?.setTimeouts(timeoutsFrom(limits));
    this.#driver?.welcome(calls, now);
    this.#tabs ??= this.#openTabs(me.id);
  }

  #framed(frame: PushFrame): void {
    this.#pathRules?.frame(frame);
    switch (frame.type) {
      case "call":
        this.#known.put(frame.call, frame.now);
        this.#driver?.hand({ type: "call", call: frame.call, now: frame.now });
        break;
      case "description":
        this.#driver?.hand({ ...frame, type: "remote_description" });
        break;
      case "conversation":
        this.#people.set(frame.conversation.id, frame.conversation.person);
        break;
      case "keys":
        this.#identities?.listed(frame.keys);
        void this.#keysChanged();
        break;
      case "candidates":
        this.#driver?.hand({ ...frame, type: "remote_candidates" });
        break;
      default:
        break;
    }
  }

  /** Calls need a key. Without one the page says why there are none. */
  async #publishKey(identities: Identities): Promise<void> {
    const { display, line } = this.#ports;
    try {
      const { key } = await identities.self;
      await line.request({ type: "publish_key", key }, { resend: true });
    } catch (error) {
      if (error instanceof Disconnected) return;
      const isLost = error instanceof RequestRefused && error.code === "conflict";
      this.#keyFault = isLost ? "key_lost" : "no_key";
      display.obstacle(await this.#obstacle());
      return;
    }
    this.#hasKey = true;
    await this.#keysChanged();
  }

  async #keysChanged(): Promise<void> {
    if (!this.#hasKey || !this.#identities) return;
    const { key } = await this.#identities.self;
    this.#ports.display.devices(key, await this.#identities.newDevices());
    await this.#driver?.keysChanged();
  }

  #openTabs(account: string): Tabs {
    return new Tabs(
      account,
      {
        // Missing on pages that are neither HTTPS nor localhost, whatever the type says.
        locks: (navigator as Partial<Navigator>).locks,
        openChannel: (name) => new BroadcastChannel(name),
        storage: sessionStorage,
        id: uuidv7(),
      },
      {
        owned: (how) => this.#owned(how),
        yielded: () => this.#driver?.hand({ type: "yield" }),
        lost: () => {
          this.#letGo();
          this.#shown(NO_CALL);
        },
        pressed: (press) => this.#driver?.hand(press),
        shown: (view, now) => {
          this.#clockAhead = now - performance.now();
          this.#shown(view);
        },
        asked: () => this.#tabs?.show(this.#view, this.now()),
      },
    );
  }

  /** This tab has the calls from now on: those that its own socket told it of. */
  #owned(how: Ownership): void {
    if (!this.#welcome || !this.#identities) return;
    const { me, limits } = this.#welcome;
    this.#clockAhead = 0;
    const driver = new PhoneDriver(me.id, timeoutsFrom(limits), this.#treatment, {
      line: this.#ports.line,
      identities: this.#identities,
      personOf: (conversation) => this.#people.get(conversation) ?? null,
      memory: new CallMemory(me.id, localStorage),
      now: () => Math.floor(performance.now()),
      hostname: location.hostname,
      pathRules: () => this.#pathRules,
      shown: (view) => this.#shown(view),
      soundBlocked: (blocked) => this.#ports.display.soundBlocked(blocked),
      microphoneChanged: (changedTo) => this.#ports.display.microphoneChanged({ changedTo }),
    });
    this.#driver = driver;
    const { calls, now } = this.#known.all;
    driver.begin(calls, now, how === "resumes");
    if (!this.#ports.line.open) driver.hand({ type: "socket_lost" });
  }

  /** Everything of the calls in this tab ends, in silence. */
  #letGo(): void {
    const driver = this.#driver;
    this.#driver = null;
    driver?.hand({ type: "yield" });
    driver?.dispose();
    if (driver) this.#ports.display.soundBlocked(false);
  }

  #shown(view: PhoneView): void {
    this.#view = view;
    const here = this.#driver !== null;
    this.#ports.display.show(view, here);
    this.#ports.line.inCall(view.current.phase !== "idle" || view.held !== null);
    if (here) this.#tabs?.show(view, this.now());
    const ringing = here ? ringingConversation(view) : null;
    if (ringing === null) this.#notification.clear();
    else this.#notification.show(ringing);
    this.#followLevels();
  }

  /** Tells the screen the levels while somebody sees them. */
  #followLevels(): void {
    const isTalking = this.#driver !== null && this.#view.current.phase === "active";
    const wanted = isTalking && !document.hidden;
    if (wanted === (this.#levelsTimer !== undefined)) return;
    clearInterval(this.#levelsTimer);
    this.#levelsTimer = undefined;
    if (!wanted) return;
    this.#levelsTimer = setInterval(() => {
      void this.#driver?.levels().then(({ other, own }) => {
        if (this.#levelsTimer !== undefined) this.#ports.display.levels(other, own);
      });
    }, LEVELS_INTERVAL_MS);
  }

  /** A page with a call is not put to sleep, so when it wakes the device slept, and routers forgot the call. */
  #watchNetwork(): () => void {
    const changed = (): void => this.#driver?.hand({ type: "network_changed" });
    return watchNetwork({ changed, woke: changed });
  }

  #watchPage(): () => void {
    const stop = new AbortController();
    const { signal } = stop;
    document.addEventListener("visibilitychange", () => this.#followLevels(), { signal });
    addEventListener("pagehide", () => this.#leave(), { signal });
    addEventListener(
      "beforeunload",
      (event) => {
        if (this.#driver && isOnCall(this.#driver.view)) event.preventDefault();
      },
      { signal },
    );
    return () => stop.abort();
  }

  /** The page goes away; loaded anew, it takes its call up again. */
  #leave(): void {
    if (!this.#driver) return;
    this.#tabs?.leave(isOnCall(this.#driver.view));
    this.#driver.sayLeaving();
  }

  async #obstacle(): Promise<DeviceObstacle | null> {
    if (!isPeerOffered()) return "no_webrtc";
    return (await captureObstacle()) ?? this.#keyFault;
  }

  #watchObstacle(): () => void {
    const { display } = this.#ports;
    let watching = true;
    const look = async (): Promise<void> => {
      const obstacle = await this.#obstacle();
      if (watching) display.obstacle(obstacle);
    };
    void look();
    const stop = watchDevices(() => void look());
    return () => {
      watching = false;
      stop();
    };
  }
}

/** Whether a call is under way that would be missed if the page went away. */
function isOnCall({ current, held }: PhoneView): boolean {
  return current.phase === "outgoing" || current.phase === "active" || held !== null;
}

/** Who calls, while it rings here. */
function ringingConversation({ current, waiting }: PhoneView): ConversationId | null {
  for (const view of [current, waiting]) {
    if (view?.phase === "incoming" && !view.answering && !view.silenced) return view.conversation;
  }
  return null;
}
