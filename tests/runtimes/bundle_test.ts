/**
 * How much code a user loads: budgets, in KB of 1,000 bytes, minified and gzipped.
 *
 * @module
 */
import { assert } from "@std/assert";
import { BUNDLES, measureBundle } from "../../bench/bundle.ts";

/** What may be loaded before a store is asked for anything, and what with the first read. */
const BUDGETS: Readonly<Record<keyof typeof BUNDLES, { start: number; read: number }>> = {
  http: { start: 8, read: 14 },
  handler: { start: 20, read: 26 },
  s3: { start: 10, read: 20 },
  swift: { start: 21.5, read: 21.5 },
};

for (const [key, budget] of Object.entries(BUDGETS)) {
  const bundle = BUNDLES[key as keyof typeof BUNDLES];
  Deno.test(`${bundle.name} is small`, async () => {
    const sizes = await measureBundle(bundle);
    for (const part of ["start", "read"] as const) {
      const kb = sizes[part].gzipped / 1000;
      assert(kb <= budget[part], `${kb} KB ${part}, at most ${budget[part]}`);
    }
  });
}
