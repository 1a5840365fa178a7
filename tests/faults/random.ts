/**
 * Random numbers that a seed repeats.
 *
 * @module
 */

/** Numbers from 0 to below 1, the same ones for the same seed. A linear congruential generator. */
export function seeded(seed: number): () => number {
  let state = BigInt(seed) * 2n + 1n;
  const step = () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffff_ffff_ffff_ffffn;
    return Number(state >> 32n) / 2 ** 32;
  };
  step();
  return step;
}
