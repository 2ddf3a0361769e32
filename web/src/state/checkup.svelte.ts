// *Test my connection* as the screen shows it: what is being tested, what was found, and how far it got.

import { examine, type Probes } from "../doctor/checkup";
import type { Place } from "../doctor/findings";
import { judgeSpeaker } from "../doctor/judgement";
import { type Check, CHECKS, summary, type Verdict } from "../doctor/verdict";

/** One line of the report; without a verdict it is being tested. */
export interface CheckupRow {
  check: Check;
  verdict: Verdict | null;
}

export class Checkup {
  phase = $state<"ready" | "running" | "done" | "stopped">("ready");
  /** How loud the microphone is while the person should speak, 0 to 1; nothing at other times. */
  level = $state<number | null>(null);

  #verdicts = $state.raw<ReadonlyMap<Check, Verdict | null>>(new Map());
  #run: AbortController | null = null;
  readonly #probes: Probes;

  constructor(probes: Probes) {
    this.#probes = probes;
  }

  /** In the order of {@link CHECKS}; once all is done, what is worth reading before what is well. */
  get rows(): CheckupRow[] {
    const rows = CHECKS.flatMap((check) => {
      const verdict = this.#verdicts.get(check);
      return verdict === undefined ? [] : [{ check, verdict }];
    });
    if (this.phase !== "done") return rows;
    return [...rows.filter(isWorthReading), ...rows.filter((row) => !isWorthReading(row))];
  }

  /** What all verdicts say together. */
  get summary(): Verdict {
    return summary([...this.#verdicts.values()].filter((verdict) => verdict !== null));
  }

  /** Tests everything, from the start. From a press only, because browsers hold sound back otherwise. */
  async start(place: Place): Promise<void> {
    this.#run?.abort();
    const run = (this.#run = new AbortController());
    this.#verdicts = new Map();
    this.phase = "running";
    await examine({
      probes: this.#probes,
      place,
      tell: (check, verdict) => {
        // What was listened to is heard.
        if (check === "microphone" && verdict !== null) this.level = null;
        this.#tell(check, verdict);
      },
      listening: (level) => {
        if (!run.signal.aborted) this.level = level;
      },
      signal: run.signal,
    });
    if (run === this.#run && !run.signal.aborted) this.phase = "done";
  }

  /** Ends the run: microphone, sound and connections are let go of. */
  stop(): void {
    if (this.phase !== "running") return;
    this.#run?.abort();
    this.level = null;
    this.phase = "stopped";
    // What was not finished is not said.
    this.#verdicts = new Map([...this.#verdicts].filter(([, verdict]) => verdict !== null));
  }

  /** The person heard the tone, or did not. */
  heardTone(heard: boolean): void {
    this.#tell("speaker", judgeSpeaker({ is: "played" }, heard));
  }

  #tell(check: Check, verdict: Verdict | null): void {
    this.#verdicts = new Map([...this.#verdicts, [check, verdict]]);
  }
}

function isWorthReading({ verdict }: CheckupRow): boolean {
  return verdict?.level === "fault" || verdict?.level === "warning" || verdict?.level === "asked";
}
