// What a page can know of the network under it.
//
// Browsers say little. Firefox and Safari tell only when the device loses all networks and when it has one again. Chromium
// tells more, but on computers under the same name as that its estimate of the speed changed
// (https://wicg.github.io/netinfo/, `change`). So there are two words: *changed* is sure, *doubtful* is a guess that costs a
// question. That the page woke up is told apart: what it means depends on what the page was doing.

/** A page that slept for so many milliseconds more than it wanted was asleep together with its device. */
const SLEPT_MS = 4_000;
const LOOK_INTERVAL_MS = 1_000;
/** One change comes as several events within a few milliseconds; all are told as one after so long, in milliseconds. */
const SETTLE_MS = 50;

export interface NetworkListener {
  /** Another network, or one after none: what went by the old one is gone. */
  changed?(): void;
  /** Something may have changed. */
  doubtful?(): void;
  /** The page was asleep, with its device or because browsers let a hidden page wake once a minute. */
  woke?(): void;
}

/** The part of `navigator.connection` that is used. `type` is there on phones only. */
export interface NetworkInformationLike extends EventTarget {
  readonly type?: string;
}

/** What is listened to. */
export interface NetworkPorts {
  readonly window: EventTarget;
  readonly document: EventTarget & { readonly hidden: boolean };
  readonly onLine: () => boolean;
  readonly connection: NetworkInformationLike | undefined;
  /** The calendar, which goes on while the device sleeps. */
  readonly now: () => number;
}

/** What this page has of it. */
export function networkPorts(): NetworkPorts {
  return {
    window: globalThis,
    document,
    onLine: () => navigator.onLine,
    connection: (navigator as { connection?: NetworkInformationLike }).connection,
    now: () => Date.now(),
  };
}

/** Tells what is known of the network from now on. Returns what stops that. */
export function watchNetwork(listener: NetworkListener, ports = networkPorts()): () => void {
  const { window, document, connection } = ports;
  const stop = new AbortController();
  const { signal } = stop;
  let type = connection?.type;
  let settling: ReturnType<typeof setTimeout> | undefined;
  const changed = (): void => {
    clearTimeout(settling);
    // While there is no network at all nothing can be done about it.
    settling = setTimeout(() => {
      if (ports.onLine()) listener.changed?.();
    }, SETTLE_MS);
  };
  const doubtful = (): void => {
    if (ports.onLine()) listener.doubtful?.();
  };
  window.addEventListener("online", changed, { signal });
  window.addEventListener("pageshow", doubtful, { signal });
  document.addEventListener("visibilitychange", () => document.hidden || doubtful(), { signal });
  const look = (): void => {
    const before = type;
    type = connection?.type;
    if (type === before) doubtful();
    else changed();
  };
  connection?.addEventListener("change", look, { signal });
  let lookedAt = ports.now();
  const timer = setInterval(() => {
    const slept = ports.now() - lookedAt - LOOK_INTERVAL_MS;
    lookedAt = ports.now();
    if (slept > SLEPT_MS) listener.woke?.();
  }, LOOK_INTERVAL_MS);
  return () => {
    stop.abort();
    clearInterval(timer);
    clearTimeout(settling);
  };
}
