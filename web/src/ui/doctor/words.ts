// The words of *Test my connection* around the verdicts, which bring their own.

import type { Check, Level, Verdict } from "../../doctor/verdict";
import type { CheckupRow } from "../../state/checkup.svelte";
import type { IconName } from "../parts/icons";

export const CHECK_NAMES: Record<Check, string> = {
  page: "This page",
  microphone: "Microphone",
  speaker: "Loudspeaker",
  server: "Server",
  socket: "Messages and calls",
  clock: "Clock",
  stun: "Own address",
  relay: "Relay",
  relay_udp: "Relay over UDP",
  relay_tcp: "Relay over TCP",
  relay_tls: "Relay over TLS",
  sound: "Sound through the relay",
};

/** How a verdict looks, and what is said in place of the look. */
export const LEVELS: Record<Level, { icon: IconName; word: string }> = {
  ok: { icon: "check", word: "Fine" },
  warning: { icon: "alert", word: "Could be better" },
  fault: { icon: "close", word: "Broken" },
  skipped: { icon: "minus", word: "Not tested" },
  asked: { icon: "question", word: "Your turn" },
};

/** The report as text, to be sent to whoever runs the server. */
export function reportText(host: string, summary: Verdict, rows: readonly CheckupRow[]): string {
  const lines = rows.flatMap(({ check, verdict }) =>
    verdict === null
      ? []
      : [
          `${LEVELS[verdict.level].word}: ${CHECK_NAMES[check]}: ${verdict.title}`,
          ...(verdict.remedy === null ? [] : [`    ${verdict.remedy}`]),
        ],
  );
  return [`Ahoy connection test, ${host}: ${summary.title}`, ...lines, ""].join("\n");
}
