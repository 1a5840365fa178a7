/**
 * The limit of the rate of transfers.
 *
 * @module
 */
import { assertRejects } from "@std/assert";
import { RateLimit } from "../../vfs/rate_limit.ts";

Deno.test("RateLimit.pass: waits longer than a timer can take", async () => {
  const controller = new AbortController();
  const passed = new RateLimit(1).pass(4 * 1024 * 1024, controller.signal);
  // A timer that overflows ends before this one.
  setTimeout(() => controller.abort(new Error("it waits")), 5);
  await assertRejects(() => passed, Error, "it waits");
});
