/**
 * A proxy between the store and the server refuses, loses, cuts, delays, repeats, damages and fails
 * what passes: each add and get still ends in the right bytes, or in a clean error and nothing left.
 *
 * @module
 */

import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { listUploads } from "../../drivers/s3/leftovers.ts";
import { type AddResult, NotFound, StoreError } from "../../mod.ts";
import { assertBytes, bytesOf, failing, MIB, pattern, streamOf } from "../../conformance/data.ts";
import { type Fault, faultProxy } from "../faults/proxy.ts";
import { seeded } from "../faults/random.ts";
import { serviceTest } from "../services/mod.ts";
import { TestBucket } from "./bucket.ts";

const RUNS = 200;
const AT_ONCE = 4;
const COMMON: readonly Fault[] = ["refuse", "lose", "cut", "delay", "error", "duplicate", "etag"];

/** An error that a user can act on: of the store's own kind, in one line that says where. */
function assertClean(error: unknown, operation: string, id: string): void {
  assertInstanceOf(error, StoreError);
  assert(error.message.startsWith(`another: ${operation} ${id}: `), error.message);
  assert(!error.message.includes("\n"));
}

serviceTest(`s3: ${RUNS} runs through a faulty proxy`, "ceph", async ({ ceph: { s3 } }) => {
  await using bucket = new TestBucket(s3, { largeObjectSize: 7, largeObjectChunkSize: 5 });
  await bucket.store.add("first", pattern(1));
  const ends = { added: 0, notAdded: 0, got: 0, notGot: 0 };

  async function run(seed: number): Promise<void> {
    const random = seeded(seed);
    const id = `image-${seed}`;
    const bytes = pattern(Math.floor(random() * 18 * MIB), seed + 1);
    const size = random() < 0.5 ? bytes.length : undefined;
    let added: AddResult | undefined;
    {
      const rate = random() * 0.4;
      await using proxy = faultProxy(s3.url, { seed, rate, faults: [...COMMON, "damage"] });
      await using store = bucket.another({ host: proxy.url, concurrency: 3 });
      try {
        added = await store.add(id, streamOf(bytes), { size });
        ends.added++;
      } catch (error) {
        assertClean(error, "add", id);
        ends.notAdded++;
      }
    }
    const stored = await bytesOf(bucket.store, id).catch((error) => {
      assertInstanceOf(error, NotFound);
    });
    assertEquals(stored !== undefined, added !== undefined, `seed ${seed}`);
    if (stored === undefined) return;
    assertBytes(stored, bytes);

    const rate = random() * 0.4;
    await using proxy = faultProxy(s3.url, { seed, rate, faults: [...COMMON, "garble"] });
    const readConcurrency = 1 + Math.floor(random() * 3);
    await using store = bucket.another({ host: proxy.url, readConcurrency });
    try {
      assertBytes(await bytesOf(store, id, { verify: added! }), bytes);
      ends.got++;
    } catch (error) {
      assertClean(error, "get", id);
      ends.notGot++;
    }
    await bucket.store.delete(id);
  }

  let next = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (next < RUNS) await run(next++);
  }));
  const client = bucket.client();
  try {
    assertEquals(await Array.fromAsync(listUploads(client)), [], "uploads left open");
  } finally {
    await client.close();
  }
  // Most faults are overcome, and those that cannot be are there too.
  assert(ends.added > RUNS / 2 && ends.got > ends.added / 2, JSON.stringify(ends));
});

serviceTest("s3: what cannot be cleaned up at once is later", "ceph", async ({ ceph: { s3 } }) => {
  await using bucket = new TestBucket(s3, { largeObjectSize: 0, largeObjectChunkSize: 5 });
  await bucket.store.add("first", pattern(1));
  const client = bucket.client();
  const openKeys = async () =>
    (await Array.fromAsync(listUploads(client))).map(({ key }) => key).sort();
  let away = "DELETE";
  await using proxy = faultProxy(s3.url, {
    seed: 1,
    rate: 1,
    faults: ["refuse"],
    only: ({ method }) => method === away,
  });
  // One after the other, so that the upload is open when the source breaks.
  const store = bucket.another({ host: proxy.url, retries: 1, concurrency: 1 });
  const failToAdd = async (id: string) => {
    const broken = failing(pattern(31 * MIB), new Error("the source broke"));
    await assertRejects(() => store.add(id, broken), StoreError, "the source broke");
  };
  try {
    await failToAdd("image");
    assertEquals(await openKeys(), ["image"]);
    await failToAdd("another");
    assertEquals(await openKeys(), ["another", "image"]);
    away = "nothing";
    await store.add("small", pattern(1));
    assertEquals(await openKeys(), []);

    away = "DELETE";
    await failToAdd("image");
    away = "nothing";
    await store.close();
    assertEquals(await openKeys(), []);
  } finally {
    await store.close();
    await client.close();
  }
});
