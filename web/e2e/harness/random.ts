/** Chance that can be played again. */

/**
 * Numbers from 0 to below 1 (mulberry32). The seed is printed; `AHOY_SEED` sets it.
 *
 * @param what names the numbers in what is printed.
 */
export function generator(what: string): () => number {
  const seed = Number(process.env["AHOY_SEED"] ?? Math.floor(Math.random() * 2 ** 32));
  // eslint-disable-next-line no-console -- whoever sees a failure needs it
  console.log(`${what}: AHOY_SEED=${seed}`);
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
