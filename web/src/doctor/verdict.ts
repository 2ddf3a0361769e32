// What a finding means for the person: how bad it is, in which words, and what to do about it.

/** What is tested, in the order in which it is shown. */
export const CHECKS = [
  "page",
  "microphone",
  "speaker",
  "server",
  "socket",
  "clock",
  "stun",
  "relay",
  "relay_udp",
  "relay_tcp",
  "relay_tls",
  "sound",
] as const;

export type Check = (typeof CHECKS)[number];

export type Level =
  | "ok"
  /** Calls work, and something is worth knowing. */
  | "warning"
  /** Calls do not work, or not with everybody. */
  | "fault"
  /** It could not be tested, or need not be. */
  | "skipped"
  /** The person has to say. */
  | "asked";

export interface Verdict {
  level: Level;
  /** What was found, in one sentence. */
  title: string;
  /** What it means and what to do; nothing where there is nothing to do. */
  remedy: string | null;
}

export const ok = (title: string, remedy: string | null = null): Verdict => ({
  level: "ok",
  title,
  remedy,
});
export const warning = (title: string, remedy: string): Verdict => ({
  level: "warning",
  title,
  remedy,
});
export const fault = (title: string, remedy: string): Verdict => ({
  level: "fault",
  title,
  remedy,
});
export const skipped = (title: string, remedy: string | null = null): Verdict => ({
  level: "skipped",
  title,
  remedy,
});

/** What all verdicts together say; nothing is counted that was not tested. */
export function summary(verdicts: readonly Verdict[]): Verdict {
  const count = (wanted: Level): number => verdicts.filter(({ level }) => level === wanted).length;
  const faults = count("fault");
  const warnings = count("warning");
  if (faults > 0) {
    const title = faults === 1 ? "One thing is broken" : `${faults} things are broken`;
    return fault(title, "What to do stands below each of them.");
  }
  if (warnings > 0) {
    return warning(
      "Calls work from here",
      warnings === 1 ? "One thing could be better." : `${warnings} things could be better.`,
    );
  }
  const isAsked = count("asked") > 0;
  return ok("Calls work from here", isAsked ? "One question is left for you." : null);
}
