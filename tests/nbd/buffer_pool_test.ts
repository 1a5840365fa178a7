/**
 * Lending buffers within a limit.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { BufferPool } from "../../server/nbd/buffer_pool.ts";

const MIB = 1024 * 1024;

Deno.test("BufferPool.lend: reuses a buffer of that size", async () => {
  const pool = new BufferPool(8 * MIB);
  const first = await pool.lend(MIB + 28);
  pool.release(first);
  assert(await pool.lend(MIB + 16) === first);
});

Deno.test("BufferPool.lend: waits at the limit, and is served in order", async () => {
  const pool = new BufferPool(4 * MIB);
  const buffers = [await pool.lend(MIB), await pool.lend(MIB), await pool.lend(MIB)];
  const order: string[] = [];
  const large = pool.lend(2 * MIB).then((buffer) => (order.push("large"), buffer));
  const small = pool.lend(100).then((buffer) => (order.push("small"), buffer));
  await Promise.resolve();
  assertEquals(order, []);
  for (const buffer of buffers) pool.release(buffer);
  assert((await large).length >= 2 * MIB);
  await small;
  assertEquals(order, ["large", "small"]);
});

Deno.test("BufferPool.discard: makes room without reusing the buffer", async () => {
  const pool = new BufferPool(2 * MIB);
  const first = await pool.lend(MIB + MIB / 2);
  const second = pool.lend(MIB + MIB / 2);
  pool.discard(first);
  assert(await second !== first);
});
