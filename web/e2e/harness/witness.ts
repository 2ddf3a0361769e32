/**
 * Runs in the page before its scripts: remembers microphones, connections and tones, and reports an
 * error when a microphone is live or a connection open although neither a call nor a test is on the screen.
 *
 * It looks from outside, by what a person sees, and so shares no mistake with the client's own checks.
 */

/** A tone that the page started, by `Date.now()`. */
export interface StartedTone {
  at: number;
  seconds: number;
  loops: boolean;
  /** Whether it was stopped or has sounded. */
  over: boolean;
}

/** Packets of sound, of one connection since its last negotiation. */
export interface Traffic {
  sent: number;
  received: number;
}

/** What is remembered for the ear. */
export interface Witness {
  tracks: MediaStreamTrack[];
  /** Those that were open when the newest was made, and the newest. */
  connections: RTCPeerConnection[];
  /** What those had sent and received that are closed, since a closed one counts nothing any more. */
  traffic: Promise<Traffic>[];
  trafficOf: (connection: RTCPeerConnection) => Promise<Traffic>;
  tones: StartedTone[];
  /** What reaches the loudspeaker beside the call's voice; one per audio context. */
  taps: AnalyserNode[];
  /** Titles of the notifications that were raised. */
  notifications: string[];
  /** What the status line of a call said, and when by `Date.now()`. */
  statuses: { at: number; text: string }[];
}

/** Must be self-contained: the browser gets its source. */
export function witness(): void {
  /** After so long without a call on the screen nothing may be held, in milliseconds (fault 12). */
  const HELD_AT_MOST = 500;
  const seen: Witness = {
    tracks: [],
    connections: [],
    traffic: [],
    trafficOf,
    tones: [],
    taps: [],
    notifications: [],
    statuses: [],
  };
  Object.assign(globalThis, { witness: seen });

  const { mediaDevices } = navigator as { mediaDevices?: MediaDevices };
  if (mediaDevices) {
    const getUserMedia = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (constraints) => {
      const stream = await getUserMedia(constraints);
      seen.tracks.push(...stream.getTracks());
      return stream;
    };
  }

  async function trafficOf(connection: RTCPeerConnection): Promise<Traffic> {
    const traffic = { sent: 0, received: 0 };
    (await connection.getStats()).forEach(
      (report: { packetsSent?: number; packetsReceived?: number; type: string }) => {
        if (report.type === "outbound-rtp") traffic.sent += report.packetsSent ?? 0;
        if (report.type === "inbound-rtp") traffic.received += report.packetsReceived ?? 0;
      },
    );
    return traffic;
  }

  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      const isOpen = (peer: RTCPeerConnection): boolean => peer.connectionState !== "closed";
      seen.connections = [...seen.connections.filter(isOpen), this];
    }

    override close(): void {
      // What is asked before the end is answered as of before the end.
      if (this.connectionState !== "closed") seen.traffic.push(trafficOf(this));
      super.close();
    }
  };

  // eslint-disable-next-line @typescript-eslint/unbound-method -- called on its node below
  const { start } = AudioBufferSourceNode.prototype;
  AudioBufferSourceNode.prototype.start = function (...times) {
    const seconds = this.buffer?.duration ?? 0;
    const tone = { at: Date.now(), seconds, loops: this.loop, over: false };
    seen.tones.push(tone);
    const isOver = (): void => void (tone.over = true);
    this.addEventListener("ended", isOver);
    const stop = this.stop.bind(this);
    this.stop = (when) => {
      isOver();
      stop(when);
    };
    start.apply(this, times);
  };
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called on its node below
  const connect = AudioNode.prototype.connect as (this: AudioNode, to: AudioNode) => AudioNode;
  AudioNode.prototype.connect = function (this: AudioNode, to: AudioNode, ...rest: number[]) {
    if (to instanceof AudioDestinationNode) {
      let tap = seen.taps.find(({ context }) => context === this.context);
      if (!tap) seen.taps.push((tap = new AnalyserNode(this.context, { fftSize: 8192 })));
      connect.call(this, tap);
    }
    return (connect as (...all: unknown[]) => AudioNode).call(this, to, ...rest);
  } as typeof AudioNode.prototype.connect;

  if ("Notification" in globalThis) {
    globalThis.Notification = class extends Notification {
      constructor(title: string, options?: NotificationOptions) {
        super(title, options);
        seen.notifications.push(title);
      }
    };
  }

  new MutationObserver(() => {
    const text = document.querySelector("dialog [role=status]")?.textContent.trim() ?? "";
    if (text !== (seen.statuses.at(-1)?.text ?? "")) seen.statuses.push({ at: Date.now(), text });
  }).observe(document, { subtree: true, childList: true, characterData: true });

  let emptySince: number | null = null;
  setInterval(() => {
    const held = [
      seen.tracks.some((track) => track.readyState === "live") ? "a live microphone" : "",
      seen.connections.some((peer) => peer.connectionState !== "closed") ? "a connection" : "",
    ].filter(Boolean);
    const isWanted = [...document.querySelectorAll("button")].some((button) =>
      /^(End call|Answer|Resume|Stop the test)$/.test(
        (button.ariaLabel ?? button.textContent).trim(),
      ),
    );
    if (held.length === 0 || isWanted) {
      emptySince = null;
      return;
    }
    emptySince ??= performance.now();
    if (performance.now() - emptySince <= HELD_AT_MOST) return;
    emptySince = Infinity;
    reportError(new Error(`${held.join(" and ")} while the screen shows no call and no test`));
  }, 100);
}

/** Runs in the page: its live microphones are taken away, as by pulling a plug. Must be self-contained. */
export function unplugMicrophone(): void {
  const { tracks } = (globalThis as unknown as { witness: Witness }).witness;
  const live = tracks.filter(({ readyState }) => readyState === "live");
  const gone = new Set(live.map((track) => track.getSettings().deviceId));
  const { mediaDevices } = navigator;
  const enumerate = mediaDevices.enumerateDevices.bind(mediaDevices);
  mediaDevices.enumerateDevices = async () =>
    (await enumerate()).filter(({ deviceId }) => !gone.has(deviceId));
  for (const track of live) {
    track.stop();
    track.dispatchEvent(new Event("ended"));
  }
  mediaDevices.dispatchEvent(new Event("devicechange"));
}
