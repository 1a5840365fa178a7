/**
 * A proxy between the store and Swift refuses, loses, cuts, delays, repeats, damages and fails what
 * passes: each add and get still ends in the right bytes, or in a clean error and nothing left.
 *
 * @module
 */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { type AddResult, NotFound, StoreError } from "../../mod.ts";
import { type SwiftOptions, SwiftStore } from "@vitrine/vitrine/swift";
import { assertBytes, bytesOf, pattern, streamOf } from "../../conformance/data.ts";
import { type Fault, faultProxy } from "../faults/proxy.ts";
import { seeded } from "../faults/random.ts";
import { serviceTest } from "../services/mod.ts";
import { account, container, emptied, swift } from "./servers.ts";

const RUNS = 60;
const AT_ONCE = 4;
const COMMON: readonly Fault[] = ["refuse", "lose", "cut", "delay", "error", "duplicate", "etag"];

/** An error that a user can act on: of the store's own kind, in one line that says where. */
function assertClean(error: unknown, operation: string, id: string): void {
  assertInstanceOf(error, StoreError);
  assert(error.message.startsWith(`faulty: ${operation} ${id}: `), error.message);
  assert(!error.message.includes("\n"));
}

serviceTest(`swift: ${RUNS} runs through a faulty proxy`, "swift", async ({ swift: at }) => {
  const { authUrl } = at;
  const options = { ...swift!, container: container() };
  const { names } = await account(options);
  const sizes = { largeObjectSize: 2, largeObjectChunkSize: 1, concurrency: 3 };
  await using store = new SwiftStore("sound", options);
  const ends = { added: 0, notAdded: 0, got: 0, notGot: 0 };

  async function run(seed: number): Promise<void> {
    const random = seeded(seed);
    const id = `image-${seed}`;
    const bytes = pattern(Math.floor(random() * 5_000_000), seed + 1);
    const size = random() < 0.5 ? bytes.length : undefined;
    const through = (proxy: string): SwiftOptions => ({
      ...options,
      ...sizes,
      authAddress: authUrl.replace(at.url, proxy),
      largeObjectType: random() < 0.7 ? "slo" : "dlo",
      readConcurrency: 1 + Math.floor(random() * 3),
    });
    let added: AddResult | undefined;
    {
      const rate = random() * 0.3;
      await using proxy = faultProxy(at.url, {
        seed,
        rate,
        faults: [...COMMON, "damage"],
        // What is to be deleted in one request has no digest.
        only: ({ method }) => method !== "POST",
      });
      await using faulty = new SwiftStore("faulty", through(proxy.url));
      try {
        added = await faulty.add(id, streamOf(bytes), { size });
        ends.added++;
      } catch (error) {
        assertClean(error, "add", id);
        ends.notAdded++;
      }
    }
    const stored = await bytesOf(store, id).catch((error) => {
      assertInstanceOf(error, NotFound);
    });
    assertEquals(stored !== undefined, added !== undefined, `seed ${seed}`);
    if (stored === undefined) return;
    assertBytes(stored, bytes);

    const rate = random() * 0.3;
    await using proxy = faultProxy(at.url, { seed, rate, faults: [...COMMON, "garble"] });
    await using faulty = new SwiftStore("faulty", through(proxy.url));
    try {
      assertBytes(await bytesOf(faulty, id, { verify: added! }), bytes);
      ends.got++;
    } catch (error) {
      assertClean(error, "get", id);
      ends.notGot++;
    }
    await store.delete(id);
  }

  try {
    let next = 0;
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      while (next < RUNS) await run(next++);
    }));
    assertEquals(await names(options.container), [], "left in the container");
    // Most faults are overcome, and those that cannot be are there too.
    assert(ends.added > RUNS / 2 && ends.got > ends.added / 2, JSON.stringify(ends));
  } finally {
    await emptied(options);
  }
});
