/**
 * Parts: every byte once, no more at once than allowed, no buffer used while somebody may read it.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import fc from "../fast_check.ts";
import { type Part, Parts } from "../../streams/parts.ts";

/** Bytes that tell their place. */
function bytes(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, at) => (at ^ (at >> 8)) & 255);
}

/** Waits until what can go on has gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
}

Deno.test("Parts: hold the chunks' bytes in order, whatever their sizes", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 20 }),
    fc.integer({ min: 1, max: 500 }),
    fc.integer({ min: 0, max: 200 }),
    fc.integer({ min: 1, max: 4 }),
    async (lengths, first, growth, concurrency) => {
      const size = (number: number) => first + growth * (number - 1);
      const data = bytes(lengths.reduce((sum, one) => sum + one, 0));
      const got: Uint8Array[] = [];
      let underway = 0;
      const parts = new Parts({
        size,
        memory: first * concurrency,
        async send({ number, size, chunks }: Part) {
          assert(++underway <= concurrency);
          await Promise.resolve();
          got[number - 1] = joined(chunks);
          assertEquals(got[number - 1]!.length, size);
          underway--;
        },
      });
      let at = 0;
      for (const one of lengths) await parts.write(data.slice(at, at += one));
      const { sent } = parts;
      const before = Array.from({ length: sent }, (_, i) => size(i + 1)).reduce((a, b) => a + b, 0);
      // What is sent is full, and the rest is never empty but for empty data.
      assertEquals(parts.rest().size, data.length - before);
      assert(parts.rest().size > 0 || data.length === 0);
      assert(parts.rest().size <= size(sent + 1));
      await parts.finish();
      assertEquals(joined(got), data);
      got.slice(0, -1).forEach((part, i) => assertEquals(part.length, size(i + 1)));
    },
  ));
});

for (const mib of [4, 6, 10]) {
  Deno.test(`Parts: a buffer is used again when its parts of ${mib} MiB were sent, and not before`, async () => {
    const underway: { chunks: Part["chunks"]; resolve: () => void }[] = [];
    const parts = new Parts({
      size: () => mib * 1_048_576,
      memory: mib * 1_048_576 * 2,
      send: ({ chunks }) => new Promise((resolve) => underway.push({ chunks, resolve })),
    });
    const buffers = new Set<ArrayBuffer>();
    let next = new ArrayBuffer(4_194_304);
    for (let i = 0; i < 40; i++) {
      buffers.add(next);
      const writing = parts.write(new Uint8Array(next));
      let written = false;
      writing.then(() => written = true);
      await settled();
      // It waits for one of the two parts that are under way, not always the first.
      while (!written) {
        underway.splice(i % 2, 1)[0]!.resolve();
        await settled();
      }
      next = await writing;
      const used = [...underway, parts.rest()].flatMap(({ chunks }) => chunks);
      assert(used.every(({ buffer }) => buffer !== next), "the buffer is in a part still");
    }
    const finishing = parts.finish();
    for (let left = 2; left > 0; left--) {
      underway.shift()?.resolve();
      await settled();
    }
    await finishing;
    const most = Math.ceil(mib * 2 / 4) + 3;
    assert(buffers.size <= most, `${buffers.size} buffers for 2 parts`);
  });
}

Deno.test("Parts: a part that fails ends the upload and aborts the others", async () => {
  const failure = new Error("the second part failed");
  const aborted: number[] = [];
  const parts = new Parts({
    size: () => 10,
    memory: 30,
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

Deno.test("Parts: an upload that is aborted waits for nothing but what is under way", async () => {
  const controller = new AbortController();
  const reason = new DOMException("enough", "AbortError");
  let settled = false;
  const parts = new Parts({
    size: () => 10,
    memory: 10,
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
  const writing = parts.write(new Uint8Array(20));
  controller.abort(reason);
  assertStrictEquals(await assertRejects(() => writing), reason);
  await parts.abort(reason);
  assert(settled);
});
