// What the peer connection of one handset may use to find its paths: STUN, and the relay while its call lasts.
//
// The rules kept here: whoever hides their address looks for paths through the relay alone, whatever is known of it; the
// server is waited for a moment and no longer. An access that came too late, or was made by a server that
// has restarted since, is told as renewed when the next one is here.

import type { CallId } from "../protocol/CallId";
import type { ConversationId } from "../protocol/ConversationId";
import type { IceServers } from "../protocol/IceServers";
import type { RelayAccess } from "../protocol/RelayAccess";
import type { RelayServer } from "../protocol/RelayServer";

/** What a connection asks before it looks for paths. */
export interface Paths {
  /** As far as is known now. */
  readonly known: RTCConfiguration;
  /** With an access to the relay that is good, where the server gives one in time. */
  fresh(): Promise<RTCConfiguration>;
}

/** What the server lets this account use, as the newest snapshot says. */
export interface PathRules {
  readonly ice: IceServers;
  /** Whether the person hides their address from the other one of a conversation. */
  hidesFrom(conversation: ConversationId): boolean;
}

export interface AccessPorts {
  /** The host that the page is from. */
  readonly hostname: string;
  /** The rules now; nothing before the first snapshot. */
  readonly rules: () => PathRules | null;
  /** Asks the server for an access. Rejects where it has none to give for now. */
  readonly ask: (call: CallId) => Promise<RelayAccess | null>;
  /** There is an access that the paths were looked for without. */
  readonly renewed: () => void;
}

/** For so long the first paths of a call wait for the server. */
export const FIRST_PATIENCE_MS = 2_000;
/** For so long later ones do, which can be looked for with the access before. */
export const LATER_PATIENCE_MS = 1_000;
/** An access that is good for less is asked for anew, because an allocation takes a moment. */
const SPARE_MS = 60_000;

interface Known {
  /** Nothing: the server has no relay. */
  readonly access: RelayAccess | null;
  readonly goodUntil: number;
}

export class Access implements Paths {
  readonly #ports: AccessPorts;
  #conversation: ConversationId | null = null;
  #call: CallId | null = null;
  #known: Known | null = null;
  #asking: AbortController | null = null;
  /** Each is called when there is something new to know. */
  readonly #waiting = new Set<() => void>();
  /** The user name with which paths were looked for last; null for none, undefined before any were. */
  #used: string | null | undefined;

  constructor(ports: AccessPorts) {
    this.#ports = ports;
  }

  get known(): RTCConfiguration {
    const rules = this.#ports.rules();
    const access = this.#known?.access ?? null;
    const hides =
      rules === null || this.#conversation === null || rules.hidesFrom(this.#conversation);
    const relayOnly = hides || access?.policy === "relay_only";
    return {
      iceServers: iceServers(this.#ports.hostname, rules?.ice.stun_port ?? null, access),
      iceTransportPolicy: relayOnly ? "relay" : "all",
    };
  }

  async fresh(): Promise<RTCConfiguration> {
    if (!this.#isGood()) {
      this.#ask();
      await this.#news(this.#known === null ? FIRST_PATIENCE_MS : LATER_PATIENCE_MS);
    }
    this.#used = this.#known?.access?.username ?? null;
    return this.known;
  }

  /** The handset has a call with somebody; it may not have an id yet. */
  talksIn(conversation: ConversationId): void {
    if (this.#conversation === conversation) return;
    this.end();
    this.#conversation = conversation;
  }

  /** The server knows that this device takes part in the call, or that it rings here. */
  mayAskFor(call: CallId): void {
    if (this.#call === call) return;
    this.#asking?.abort();
    this.#asking = null;
    this.#known = null;
    this.#call = call;
    this.#ask();
  }

  /** The line is open again. The server may have restarted, and then the access is worth nothing. */
  lineIsBack(): void {
    if (this.#known) this.#known = { ...this.#known, goodUntil: 0 };
    this.#asking?.abort();
    this.#asking = null;
    this.#ask();
  }

  /** The handset has no call any more. */
  end(): void {
    this.#asking?.abort();
    this.#asking = null;
    this.#conversation = null;
    this.#call = null;
    this.#known = null;
    this.#used = undefined;
    this.#tellNews();
  }

  #isGood(): boolean {
    if (this.#ports.rules()?.ice.relay === "off") return true;
    return this.#known !== null && performance.now() < this.#known.goodUntil;
  }

  #ask(): void {
    if (this.#call === null || this.#asking || this.#isGood()) return;
    const asking = new AbortController();
    this.#asking = asking;
    this.#ports.ask(this.#call).then(
      (access) => {
        if (!asking.signal.aborted) this.#learn(access);
      },
      () => {
        // Asked again when the line is back, or before the next paths are looked for.
        if (!asking.signal.aborted) this.#asking = null;
      },
    );
  }

  #learn(access: RelayAccess | null): void {
    this.#asking = null;
    const lasts = access === null ? Infinity : access.expires_in - SPARE_MS;
    this.#known = { access, goodUntil: performance.now() + lasts };
    const isLate = this.#waiting.size === 0 && this.#used !== undefined;
    this.#tellNews();
    if (isLate && access !== null && access.username !== this.#used) this.#ports.renewed();
  }

  async #news(patience: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => done(), patience);
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      this.#waiting.add(done);
    });
  }

  #tellNews(): void {
    for (const tell of [...this.#waiting]) tell();
  }
}

/** STUN and the relay on the page's own host; third parties are never named. */
export function iceServers(
  hostname: string,
  stunPort: number | null,
  access: RelayAccess | null,
): RTCIceServer[] {
  const stun = stunPort === null ? [] : [{ urls: `stun:${hostname}:${stunPort}` }];
  if (access === null || access.servers.length === 0) return stun;
  const { username, password: credential, servers } = access;
  const urls = servers.map((server) => relayUrl(hostname, server));
  return [...stun, { urls, username, credential }];
}

/** RFC 7065 §3.1. */
function relayUrl(hostname: string, { transport, port }: RelayServer): string {
  switch (transport) {
    case "udp":
      return `turn:${hostname}:${port}?transport=udp`;
    case "tcp":
      return `turn:${hostname}:${port}?transport=tcp`;
    case "tls":
      return `turns:${hostname}:${port}?transport=tcp`;
  }
}
