/**
 * Parts: every byte once, no more at once than allowed, no buffer used while somebody may read it.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import * as fc from "fast-check";
import { type Part, Parts } from "../../streams/parts.ts";

/** Bytes that tell their place. */
function bytes(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, at) => (at ^ (at >> 8)) & 255);
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
}

Deno.test("parts hold the chunks' bytes in order, whatever their sizes", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 20 }),
    fc.integer({ min: 1, max: 500 }),
    fc.integer({ min: 1, max: 4 }),
    async (sizes, size, concurrency) => {
      const data = bytes(sizes.reduce((sum, one) => sum + one, 0));
      const got: Uint8Array[] = [];
      let underway = 0;
      const parts = new Parts({
        size,
        concurrency,
        async send({ number, size, chunks }: Part) {
          assert(++underway <= concurrency);
          await Promise.resolve();
          got[number - 1] = joined(chunks);
          assertEquals(got[number - 1]!.length, size);
          underway--;
        },
      });
      let at = 0;
      for (const one of sizes) {
        const lent = data.slice(at, at += one);
        await parts.write(lent);
        lent.fill(0);
      }
      const { sent } = parts;
      // What is sent is full, and the rest is never empty but for empty data.
      assertEquals(sent, Math.max(0, Math.ceil(data.length / size) - 1));
      assertEquals(parts.rest().size, data.length - sent * size);
      await parts.finish();
      assertEquals(joined(got), data);
      for (const part of got.slice(0, -1)) assertEquals(part.length, size);
    },
  ));
});

Deno.test("a buffer is used again when its part was sent, and not before", async () => {
  const size = 4_194_304;
  const held = new Map<number, Part>();
  const release: (() => void)[] = [];
  const parts = new Parts({
    size,
    concurrency: 2,
    send(part) {
      for (const other of held.values()) {
        for (const { buffer } of other.chunks) {
          assert(part.chunks.every((chunk) => chunk.buffer !== buffer), "a buffer is in two parts");
        }
      }
      held.set(part.number, part);
      return new Promise((resolve) => {
        release.push(() => {
          held.delete(part.number);
          resolve();
        });
      });
    },
  });
  const buffers = new Set<ArrayBuffer>();
  const chunk = new Uint8Array(size);
  for (let i = 0; i < 10; i++) {
    const writing = parts.write(chunk);
    // The third part has to wait for one of the two that are under way.
    if (i >= 3) release.shift()!();
    await writing;
    for (const { buffer } of parts.rest().chunks) buffers.add(buffer);
  }
  const finishing = parts.finish();
  while (parts.sent < 10 || release.length > 0) {
    release.shift()?.();
    await Promise.resolve();
  }
  await finishing;
  assertEquals(parts.sent, 10);
  assert(buffers.size <= 4, `${buffers.size} buffers for 3 parts at once`);
});

Deno.test("a part that fails ends the upload and aborts the others", async () => {
  const failure = new Error("the second part failed");
  const aborted: number[] = [];
  const parts = new Parts({
    size: 10,
    concurrency: 3,
    send({ number }, signal) {
      if (number === 2) return Promise.reject(failure);
      return new Promise((_, reject) =>
        signal.addEventListener("abort", () => {
          aborted.push(number);
          reject(signal.reason);
        })
      );
    },
  });
  const error = await assertRejects(async () => {
    for (let i = 0; i < 10; i++) await parts.write(new Uint8Array(10));
    await parts.finish();
  });
  assertStrictEquals(error, failure);
  await parts.abort(failure);
  assertEquals(aborted.includes(1), true);
});

Deno.test("an upload that is aborted waits for nothing but what is under way", async () => {
  const controller = new AbortController();
  const reason = new DOMException("enough", "AbortError");
  let settled = false;
  const parts = new Parts({
    size: 10,
    concurrency: 1,
    signal: controller.signal,
    send: (_, signal) =>
      new Promise((_, reject) =>
        signal.addEventListener("abort", () =>
          queueMicrotask(() => {
            settled = true;
            reject(signal.reason);
          }))
      ),
  });
  await parts.write(new Uint8Array(20));
  const writing = parts.write(new Uint8Array(20));
  controller.abort(reason);
  assertStrictEquals(await assertRejects(() => writing), reason);
  await parts.abort(reason);
  assert(settled);
});
