// When to dial again after the line went down.

/** Milliseconds before the first attempts: most breaks are short, so the first come quickly. */
const FIRST_DELAYS = [0, 300, 1_200, 2_700, 4_800, 7_000];
/** Milliseconds that no delay passes, jitter left out. */
const LONGEST_DELAY = 30_000;
/** Milliseconds that no delay passes while a call is under way: its state is right within 5 s of the server's return. */
const LONGEST_DELAY_IN_CALL = 3_000;
/** Milliseconds of jitter at most, so that a server's clients do not come back as one. */
const JITTER = 1_000;

/**
 * Milliseconds to wait before an attempt.
 *
 * @param attempt 0 for the first after a line that worked.
 * @param random 0 to 1.
 * @param inCall whether somebody waits for the server in a call.
 */
export function reconnectDelay(attempt: number, random: number, inCall = false): number {
  if (attempt === 0) return 0;
  const last = FIRST_DELAYS.length - 1;
  const delay = FIRST_DELAYS[attempt] ?? (FIRST_DELAYS[last] ?? 0) * 2 ** (attempt - last);
  return Math.min(delay, inCall ? LONGEST_DELAY_IN_CALL : LONGEST_DELAY) + random * JITTER;
}
