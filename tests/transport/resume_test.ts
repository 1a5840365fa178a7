/**
 * Reads that break anywhere, any number of times.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import fc from "../fast_check.ts";
import { ImageChanged, RemoteServiceUnavailable } from "@vitrine/vitrine";
import { type OpenBody, resumingReader } from "../../transport/mod.ts";
import { assertBytes, pattern } from "../../conformance/data.ts";

const data = pattern(400_000);

interface Source {
  /** After how many bytes each body breaks, in order; the ones after these do not. */
  cuts: readonly number[];
  /** Whether a broken body takes the buffer with it that it was lent. */
  takes?: boolean;
  validator?: string | undefined;
  /** Whether the size is known. */
  sized?: boolean;
}

/** Opens `data`; bodies break as the source says. Counts what is open. */
function source({ cuts, takes = true, validator = '"1"', sized = true }: Source) {
  let count = 0;
  const open = new Set<number>();
  const ranges: number[] = [];
  const openBody: OpenBody = ({ offset, length }) => {
    const id = count++;
    open.add(id);
    ranges.push(offset);
    const end = Math.min(data.length, offset + (length ?? Infinity));
    const breaksAt = offset + (cuts[id] ?? Infinity);
    let at = offset;
    return Promise.resolve({
      size: sized ? end - offset : undefined,
      total: sized ? data.length : undefined,
      etag: validator,
      validator,
      body: {
        read(view) {
          const until = Math.min(at + view.length, end);
          if (until > breaksAt) {
            if (takes) structuredClone(view.buffer, { transfer: [view.buffer] });
            return Promise.reject(new RemoteServiceUnavailable("broken"));
          }
          view.set(data.subarray(at, until));
          const chunk = view.subarray(0, until - at);
          at = until;
          return Promise.resolve(chunk);
        },
        close() {
          open.delete(id);
          return Promise.resolve();
        },
      },
    });
  };
  return { openBody, open, ranges };
}

const quick = { minDelay: 0, retries: 3 };

Deno.test("resume: whatever breaks wherever, the bytes are those of the range", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 65_536, max: 200_000 }), { maxLength: 8 }),
      fc.integer({ min: 0, max: data.length }),
      fc.option(fc.integer({ min: 1, max: data.length }), { nil: undefined }),
      fc.integer({ min: 10_000, max: 500_000 }),
      fc.boolean(),
      fc.boolean(),
      async (cuts, offset, length, view, takes, sized) => {
        const { openBody, open } = source({ cuts, takes, sized });
        const reader = await resumingReader(openBody, { offset, length }, quick);
        const parts: Uint8Array<ArrayBuffer>[] = [];
        for (;;) {
          const buffer = new ArrayBuffer(view + 20);
          const part = await reader.read(new Uint8Array(buffer, 10, view));
          assertEquals([part.byteOffset, part.buffer.byteLength], [10, view + 20]);
          parts.push(part);
          if (part.length < view) break;
        }
        await reader.close();
        assertEquals(open.size, 0);
        const end = Math.min(data.length, offset + (length ?? Infinity));
        assertBytes(
          new Uint8Array(await new Blob(parts).arrayBuffer()),
          data.subarray(offset, end),
        );
      },
    ),
    { numRuns: 150 },
  );
});

Deno.test("resume: without progress, the retries run out", async () => {
  const { openBody, ranges, open } = source({ cuts: [100_000, 0, 0, 0, 0, 0] });
  const reader = await resumingReader(openBody, { offset: 7, length: undefined }, quick);
  await reader.read(new Uint8Array(100_000));
  await assertRejects(() => reader.read(new Uint8Array(100_000)), RemoteServiceUnavailable);
  assertEquals(ranges, [7, 100_007, 100_007, 100_007]);
  await reader.close();
  assertEquals(open.size, 0);
});

Deno.test("resume: what was begun without a validator is not resumed", async () => {
  const { openBody, ranges } = source({ cuts: [100_000], validator: undefined });
  const lost = { ...source({ cuts: [100_000] }), openBody, ranges };
  const reader = await resumingReader(
    async (range, validator) => ({
      ...await lost.openBody(range, validator),
      validator: undefined,
    }),
    { offset: 0, length: undefined },
    quick,
  );
  await reader.read(new Uint8Array(50_000));
  await assertRejects(() => reader.read(new Uint8Array(100_000)), RemoteServiceUnavailable);
  assertEquals(ranges, [0]);
});

Deno.test("resume: a successor of another size is another image", async () => {
  let opened = 0;
  const { openBody } = source({ cuts: [100_000] });
  const reader = await resumingReader(
    async (range, validator) => {
      const body = await openBody(range, validator);
      return opened++ === 0 ? body : { ...body, total: data.length + 1 };
    },
    { offset: 0, length: undefined },
    quick,
  );
  await assertRejects(() => reader.read(new Uint8Array(200_000)), ImageChanged);
});

Deno.test("resume: an error that no retry can help is not retried, and an abort ends the waiting", async () => {
  let opened = 0;
  const openBody: OpenBody = () => {
    opened++;
    return Promise.resolve({
      size: 10,
      total: 10,
      etag: '"1"',
      validator: '"1"',
      body: {
        read: () => Promise.reject(new TypeError("a bug")),
        close: () => Promise.resolve(),
      },
    });
  };
  const reader = await resumingReader(openBody, { offset: 0, length: undefined }, quick);
  await assertRejects(() => reader.read(new Uint8Array(10)), TypeError);
  assertEquals(opened, 1);

  const controller = new AbortController();
  const { openBody: breaking } = source({ cuts: [0] });
  const waiting = await resumingReader(breaking, { offset: 0, length: undefined }, {
    minDelay: 60_000,
    maxDelay: 60_000,
    signal: controller.signal,
  });
  const read = waiting.read(new Uint8Array(10));
  controller.abort(new Error("enough"));
  await assertRejects(() => read, Error, "enough");
});
