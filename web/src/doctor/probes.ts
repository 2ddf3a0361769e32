// The probes of *Test my connection* in a browser: this page, its devices, its server and the ways of sound.

import { isPeerOffered } from "../call/connection";
import { loadTreatment } from "../call/treatment";
import { Disconnected, type Line, RequestRefused } from "../net/line";
import type { Outcome } from "../protocol/Outcome";
import type { CreateProbes } from "./checkup";
import { testMicrophone, testSpeaker } from "./devices";
import type { RelayOffer, ServerFinding, SocketFinding } from "./findings";
import { askRelay, askStun, sendTone } from "./paths";
import { aborted, pause } from "./pause";

/** A server that has not answered after so many milliseconds is silent. */
const SERVER_PATIENCE_MS = 8_000;

export const createProbes: CreateProbes = ({ line }) => {
  // As the browser wants it in an address: IPv6 in brackets.
  const host = location.hostname;
  return {
    page: () => ({ secure: isSecureContext, webrtc: isPeerOffered() }),
    microphone: (listening, signal) =>
      testMicrophone(loadTreatment(localStorage), listening, signal),
    speaker: testSpeaker,
    server: askServer,
    socket: (signal) => askSocket(line, signal),
    stun: (port, signal) => askStun(host, port, signal),
    way: (server, access, signal) => askRelay(server, access, host, signal),
    sound: (server, access, signal) => sendTone(server, access, host, signal),
  };
};

/** By plain HTTP, and not by the socket, so that the two can be told apart. */
async function askServer(signal: AbortSignal): Promise<ServerFinding> {
  const patience = new AbortController();
  const giveUp = (): void => patience.abort();
  const timer = setTimeout(giveUp, SERVER_PATIENCE_MS);
  signal.addEventListener("abort", giveUp);
  const began = performance.now();
  try {
    const response = await fetch("/healthz", { cache: "no-store", signal: patience.signal });
    const milliseconds = Math.round(performance.now() - began);
    if (!response.ok) return { is: "error", status: response.status };
    return { is: "answered", milliseconds, clockAhead: clockAhead(response.headers) };
  } catch {
    // A fetch rejects where no answer came, whatever stopped it.
    signal.throwIfAborted();
    return { is: "silent" };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
  }
}

/** By the second: `Date` has no more, and what matters is minutes. */
function clockAhead(headers: Headers): number | null {
  const date = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(date) ? null : date - Date.now();
}

async function askSocket(line: Line, signal: AbortSignal): Promise<SocketFinding> {
  const patience = new AbortController();
  const began = performance.now();
  try {
    const silence = pause(SERVER_PATIENCE_MS, patience.signal).catch(() => undefined);
    const outcome = await Promise.race([
      line.request({ type: "test_relay" }),
      silence,
      aborted(signal),
    ]);
    if (outcome === undefined) return { is: "down" };
    const milliseconds = Math.round(performance.now() - began);
    return { is: "open", milliseconds, relay: offerOf(outcome) };
  } catch (error) {
    if (error instanceof Disconnected) return { is: "down" };
    if (!(error instanceof RequestRefused)) throw error;
    const milliseconds = Math.round(performance.now() - began);
    return { is: "open", milliseconds, relay: { is: "refused", message: error.message } };
  } finally {
    patience.abort();
  }
}

function offerOf(outcome: Outcome): RelayOffer {
  if (outcome.type !== "relay") {
    throw new Error(`The server answered ${outcome.type} where the relay was asked for.`);
  }
  return outcome.access === null ? { is: "off" } : { is: "on", access: outcome.access };
}
