/**
 * How many requests of a connection run at a time.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { RequestSlots } from "../../server/nbd/request_slots.ts";

const MIB = 1024 * 1024;

/** Returns whether a promise has settled by the time that all microtasks have run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(() => settled = true);
  await new Promise((resolve) => setTimeout(resolve, 0));
  return settled;
}

Deno.test("RequestSlots.take: waits for a slot after 16 requests", async () => {
  const slots = new RequestSlots();
  for (let i = 0; i < 16; i++) await slots.take(1);
  const next = slots.take(1);
  assertEquals(await isSettled(next), false);
  slots.release(1);
  assertEquals(await isSettled(next), true);
});

Deno.test("RequestSlots.take: bounds the bytes, and lets a larger request run alone", async () => {
  const slots = new RequestSlots();
  await slots.take(10 * MIB);
  const large = slots.take(32 * MIB);
  assertEquals(await isSettled(large), false);
  slots.release(10 * MIB);
  assertEquals(await isSettled(large), true);
  const small = slots.take(1);
  assertEquals(await isSettled(small), false);
});

Deno.test("RequestSlots.idle: wakes with one that waits for a slot", async () => {
  const slots = new RequestSlots();
  await slots.take(16 * MIB);
  const [idle, next] = [slots.idle(), slots.take(MIB)];
  slots.release(16 * MIB);
  assertEquals(await isSettled(next), true);
  slots.release(MIB);
  assertEquals(await isSettled(idle), true);
});
