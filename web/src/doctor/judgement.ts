// From findings to verdicts for this device and its line to the server. Pure: no clock, no browser, no network.

import type { MicrophoneFault } from "../protocol/MicrophoneFault";
import type {
  MicrophoneFinding,
  PageFinding,
  Place,
  ServerFinding,
  SocketFinding,
  SpeakerFinding,
} from "./findings";
import { fault, ok, skipped, type Verdict, warning } from "./verdict";

/** A microphone whose loudest sample is below this gives digital silence: even a quiet room is louder. */
export const SILENT_PEAK = 0.0005;

/** From this difference of clocks on certificates, quiet hours and the times of messages go wrong, in milliseconds. */
export const CLOCK_TOLERANCE_MS = 120_000;

/** A server that takes longer to answer makes a screen feel slow, in milliseconds. */
export const SLOW_MS = 1_000;

export function judgePage({ secure, webrtc }: PageFinding, { host }: Place): Verdict {
  if (!webrtc) {
    return fault(
      "This browser cannot make calls",
      "Use a current Firefox, Chrome, Edge or Safari. Some extensions switch WebRTC off: try without them.",
    );
  }
  if (!secure) {
    return fault(
      "This page is not secure, so the browser gives it no microphone",
      `Open https://${host} instead. If that does not open, whoever runs the server must set HTTPS up.`,
    );
  }
  return ok("This page may make calls");
}

export function judgeMicrophone(finding: MicrophoneFinding): Verdict {
  if (finding.is === "fault") return microphoneFault(finding.fault);
  const name = finding.name === "" ? "The microphone" : finding.name;
  if (finding.peak === null) {
    return ok(`${name} opens`, "How loud it is was not measured: the browser holds sound back.");
  }
  if (finding.peak < SILENT_PEAK) {
    return warning(
      `${name} gives no sound at all`,
      "It may be muted by a switch or a key of its own, or the system may have turned it down. Choose another microphone in the browser, or turn this one up.",
    );
  }
  return ok(`${name} works`);
}

function microphoneFault(is: MicrophoneFault): Verdict {
  switch (is) {
    case "denied":
      return fault(
        "The microphone is not allowed",
        "Press the icon beside the address, allow the microphone for this page, and test again.",
      );
    case "missing":
      return fault("No microphone was found", "Plug in a microphone or a headset, and test again.");
    case "busy":
      return fault(
        "The microphone does not start",
        "Another program may be using it. Close that program, and test again.",
      );
    case "insecure_page":
      return skipped("Not tested: browsers give no microphone to a page that is not secure");
  }
}

/** `heard` is what the person answered; nothing before. */
export function judgeSpeaker(finding: SpeakerFinding, heard: boolean | null): Verdict {
  if (finding.is === "held_back") {
    return warning(
      "The browser holds sound back",
      "Press Test again. If it stays so, see whether a loudspeaker is plugged in, and allow sound for this page in the browser’s settings.",
    );
  }
  switch (heard) {
    case null:
      return { level: "asked", title: "A tone was played. Did you hear it?", remedy: null };
    case true:
      return ok("You heard the tone");
    case false:
      return fault(
        "You did not hear the tone",
        "Turn the volume up, look whether this tab is muted, and choose the loudspeaker or headset in the system’s sound settings.",
      );
  }
}

export function judgeServer(finding: ServerFinding, { host }: Place): Verdict {
  switch (finding.is) {
    case "answered":
      return finding.milliseconds <= SLOW_MS
        ? ok(`${host} answers in ${finding.milliseconds} ms`)
        : warning(
            `${host} takes ${finding.milliseconds} ms to answer`,
            "The network is slow or busy. Calls begin late and may break up; another network may help.",
          );
    case "error":
      return fault(
        `${host} answers with an error (HTTP ${finding.status})`,
        "The server is stopping, or a proxy before it cannot reach it. Wait a minute and test again; then tell whoever runs it.",
      );
    case "silent":
      return fault(
        `${host} does not answer`,
        // No page is told why: a certificate that has expired looks like a server that is down.
        "Look whether other pages open. If they do, load this one anew: the browser says so where the certificate has expired. Else the server is down, or its address leads elsewhere. Tell whoever runs it.",
      );
  }
}

/** By what plain requests found, so that a proxy which stops the socket alone is told apart. */
export function judgeSocket(finding: SocketFinding, server: ServerFinding): Verdict {
  if (finding.is === "open") return ok("Messages and calls arrive at once");
  if (server.is !== "answered") return skipped("Not tested: the server does not answer");
  return fault(
    "The page is reached, but the socket for messages and calls is not",
    "A proxy or filter lets no WebSocket through. On the server’s side the proxy must pass “Upgrade” on; here another network may help.",
  );
}

export function judgeClock(server: ServerFinding): Verdict {
  if (server.is !== "answered" || server.clockAhead === null) {
    return skipped("Not tested: the server did not tell its time");
  }
  const { clockAhead } = server;
  if (Math.abs(clockAhead) < CLOCK_TOLERANCE_MS)
    return ok("This device and the server agree on the time");
  const direction = clockAhead > 0 ? "behind" : "ahead of";
  return warning(
    `This device’s clock is ${lengthWords(Math.abs(clockAhead))} ${direction} the server’s`,
    "Have this device set its time by itself (automatic date and time). If its time is right, the server’s is wrong: tell whoever runs it.",
  );
}

/** Rounded to what matters: `3 min`, `2 h`, `5 days`. */
function lengthWords(milliseconds: number): string {
  const minutes = Math.round(milliseconds / 60_000);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}
