/**
 * Reading ahead: few requests for a program that reads in order, none too many for others.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { ReadAhead } from "../../store/read_ahead.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** An image whose bytes follow from their place, the ranges that were requested of it, and their buffers. */
function image(size: number) {
  const ranges: [position: number, length: number][] = [];
  const buffers = new Set<ArrayBuffer>();
  const read = new ReadAhead(size, (position, view) => {
    ranges.push([position, view.length]);
    if (view.length === 4 * MIB) buffers.add(view.buffer);
    view.set(bytesAt(position, view.length));
    return Promise.resolve(view);
  });
  return { read, ranges, buffers };
}

function bytesAt(position: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = (position + at) % 251;
  return bytes;
}

Deno.test("ReadAhead.read: reads in order are blocks of 4 MiB, each requested once", async () => {
  const size = 18 * MIB + 5;
  const { read, ranges } = image(size);
  const view = new Uint8Array(256 * KIB);
  for (let at = 0; at < size; at += view.length) {
    const count = await read.read(view, at);
    assertEquals(count, Math.min(view.length, size - at));
    assert(view.subarray(0, count).every((byte, i) => byte === (at + i) % 251), `${at}`);
  }
  const total = ranges.reduce((sum, [, length]) => sum + length, 0);
  assertEquals(ranges.length <= 7, true, `${ranges.length} requests`);
  assert(total <= size + view.length, `${total} bytes`);
  read.close();
});

Deno.test("ReadAhead.read: the memory of blocks is used again", async () => {
  const { read, buffers } = image(64 * MIB);
  const view = new Uint8Array(MIB);
  for (let at = 0; at < 64 * MIB; at += view.length) await read.read(view, at);
  assert(buffers.size <= 7, `${buffers.size} buffers`);
  read.close();
});

Deno.test("ReadAhead.read: a block that makes room for the next one still gives its own bytes", async () => {
  const transferred = (position: number, { buffer, length }: Uint8Array<ArrayBuffer>) => {
    const view = new Uint8Array(buffer.transfer(), 0, length);
    view.set(bytesAt(position, length));
    return Promise.resolve(view);
  };
  const [other, read] = [1, 2].map(() => new ReadAhead(200 * MIB, transferred));
  const view = new Uint8Array(512 * KIB);
  // Blocks that have not been read to their end take all room but that of one.
  for (const start of [0, 100 * MIB]) {
    for (let i = 0; i < 3; i++) await other!.read(view, start + i * view.length);
  }
  for (let at = 0; at < 4 * MIB; at += view.length) await read!.read(view, at);
  // This needs the block, of which nothing else is expected, and begins the next one.
  const again = 4 * MIB - view.length;
  await read!.read(view.fill(255), again);
  assertEquals(view, bytesAt(again, view.length));
  other!.close();
  read!.close();
});

Deno.test("ReadAhead.read: reads in order that are sent together share the blocks", async () => {
  const { read, ranges } = image(16 * MIB);
  const views = Array.from({ length: 64 }, () => new Uint8Array(256 * KIB));
  await Promise.all(views.map((view, i) => read.read(view, i * view.length)));
  for (const [i, view] of views.entries()) {
    assertEquals(view.slice(0, 8), bytesAt(i * view.length, 8));
  }
  assert(ranges.length <= 6, `${ranges.length} requests`);
  read.close();
});

Deno.test("ReadAhead.read: reads here and there request what they need", async () => {
  const { read, ranges } = image(1024 * MIB);
  const view = new Uint8Array(4 * KIB);
  const positions = Array.from({ length: 100 }, (_, i) => (i * 37 % 100) * 10 * MIB);
  for (const position of positions) await read.read(view, position);
  assertEquals(ranges, positions.map((position) => [position, view.length]));
  read.close();
});

Deno.test("ReadAhead.read: several programs at different places stay within 24 MiB", async () => {
  let held = 0;
  let most = 0;
  const read = new ReadAhead(1024 * MIB, async (_, view) => {
    most = Math.max(most, held += view.length);
    await new Promise((resolve) => setTimeout(resolve, 0));
    held -= view.length;
    return view;
  });
  const streams = Array.from({ length: 12 }, (_, i) => i * 80 * MIB);
  await Promise.all(streams.map(async (start) => {
    const view = new Uint8Array(256 * KIB);
    for (let at = 0; at < 12 * MIB; at += view.length) await read.read(view, start + at);
  }));
  // Blocks, and a small read of each program for which there was no room.
  assert(most <= 24 * MIB + 12 * 256 * KIB, `${most / MIB} MiB`);
  read.close();
});

Deno.test("ReadAhead.read: four programs that read in order request no block twice", async () => {
  const { read, ranges } = image(256 * MIB);
  await Promise.all([0, 64, 128, 192].map(async (start) => {
    const view = new Uint8Array(256 * KIB);
    for (let at = 0; at < 16 * MIB; at += view.length) await read.read(view, start * MIB + at);
  }));
  const blocks = ranges.filter(([, length]) => length === 4 * MIB);
  assertEquals(new Set(blocks.map(([position]) => position)).size, blocks.length);
  assert(ranges.length - blocks.length <= 8, `${ranges.length} requests`);
  read.close();
});

Deno.test("ReadAhead.read: a block that fails is requested anew, and fails only its readers", async () => {
  let isBroken = false;
  const read = new ReadAhead(64 * MIB, (_, view) => {
    return isBroken ? Promise.reject(new Error("broken")) : Promise.resolve(view);
  });
  const view = new Uint8Array(256 * KIB);
  await read.read(view, 0);
  isBroken = true;
  await assertRejects(() => read.read(view, 256 * KIB), Error, "broken");
  isBroken = false;
  assertEquals(await read.read(view, 256 * KIB), view.length);
  read.close();
});
