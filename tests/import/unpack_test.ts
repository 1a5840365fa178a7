/**
 * Unpacking of what Debian's gzip, xz, zstd and bzip2 make, whole and damaged in every way.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Invalid } from "@vitrine/vitrine";
import { openSource } from "../../streams/source.ts";
import { gunzip } from "../../streams/unpack/gzip.ts";
import { PackedInput } from "../../streams/unpack/packed_input.ts";
import { type Packing, unpack, type UnpackLimits } from "../../streams/unpack/unpack.ts";
import { unzstd } from "../../streams/unpack/zstd.ts";
import { pipe } from "./pipe.ts";

/** An image with what can be packed and what cannot. */
const image = new Uint8Array(3_000_000);
for (let at = 0; at < 1_000_000; at += 65_536) {
  crypto.getRandomValues(image.subarray(at, Math.min(at + 65_536, 1_000_000)));
}
image.set(new TextEncoder().encode("a disk ".repeat(100_000)), 1_500_000);

/** A format, and how it is unpacked where there are several ways. */
type Way = Packing | "xz in WebAssembly";

function programOf(way: Way): Packing {
  return way === "xz in WebAssembly" ? "xz" : way;
}

/** Takes the libraries of the system away, until it is disposed of. */
function withoutLibraries(): Disposable {
  const { dlopen } = Deno;
  Object.assign(Deno, { dlopen: undefined });
  return { [Symbol.dispose]: () => void Object.assign(Deno, { dlopen }) };
}

async function unpacked(
  data: Uint8Array<ArrayBuffer>,
  way: Way,
  limits?: UnpackLimits,
): Promise<Uint8Array> {
  using _ = way === "xz in WebAssembly" ? withoutLibraries() : undefined;
  const reader = unpack(openSource(data).reader, programOf(way), limits);
  try {
    const chunks: Uint8Array[] = [];
    for (;;) {
      const chunk = await reader.read(new Uint8Array(1_048_576));
      if (chunk.length === 0) return await new Blob(chunks as BlobPart[]).bytes();
      chunks.push(chunk);
    }
  } finally {
    await reader.close();
  }
}

const join = (...parts: Uint8Array<ArrayBuffer>[]) => new Blob(parts).bytes();
const isSame = (a: Uint8Array, b: Uint8Array) =>
  a.length === b.length && a.every((byte, index) => byte === b[index]);

for (const packing of ["gzip", "xz", "xz in WebAssembly", "zstd", "bzip2"] as const) {
  const packed = await pipe(image, programOf(packing), "-qc");

  Deno.test(`unpack: ${packing}: one, several, empty and padded streams`, async () => {
    assert(isSame(await unpacked(packed, packing), image));
    const twice = await unpacked(await join(packed, packed), packing);
    assert(isSame(twice, await join(image, image)));
    assertEquals(
      (await unpacked(await pipe(new Uint8Array(), programOf(packing), "-qc"), packing)).length,
      0,
    );
    if (packing === "zstd") return;
    assert(isSame(await unpacked(await join(packed, new Uint8Array(512)), packing), image));
  });

  Deno.test(`unpack: ${packing}: data cut off at 20 places is an error`, async () => {
    for (let part = 0; part < 20; part++) {
      const cut = packed.slice(0, Math.floor(packed.length * part / 20) + 1);
      await assertRejects(() => unpacked(cut, packing), Invalid, "cut off");
    }
  });

  Deno.test(`unpack: ${packing}: garbage behind it and a flipped bit are errors`, async () => {
    const garbage = await join(packed, new TextEncoder().encode("what is this doing here?"));
    await assertRejects(() => unpacked(garbage, packing), Invalid, "other bytes");
    for (const at of [3, packed.length >> 1, packed.length - 5]) {
      const flipped = packed.slice();
      flipped[at]! ^= 4;
      await assertRejects(() => unpacked(flipped, packing), Invalid, "");
    }
  });

  // The limits do not depend on what unpacks.
  if (packing === "xz in WebAssembly") continue;
  Deno.test(`unpack: ${packing}: the size and the ratio are limited`, async () => {
    const limit = { maxSize: image.length - 1 };
    await assertRejects(() => unpacked(packed, packing, limit), Invalid, "2999999 bytes allowed");
    const bomb = await pipe(new Uint8Array(80_000_000), packing, "-qc");
    await assertRejects(() => unpacked(bomb, packing), Invalid, "more than 500 times");
  });
}

Deno.test("unpack: the buffers of gzip and zstd are freed when the next one is requested", async () => {
  for (const [packing, unpacker] of [["gzip", gunzip], ["zstd", unzstd]] as const) {
    const packed = await pipe(image, packing, "-qc");
    const chunks: Uint8Array[] = [];
    for await (const chunk of unpacker(new PackedInput(openSource(packed).reader, packing))) {
      assert(chunk.length > 0);
      chunks.push(chunk);
    }
    const kept = chunks.filter(({ length }) => length > 0);
    // Those of the last buffer, which is not full.
    assert(new Set(kept.map(({ buffer }) => buffer)).size <= 1, packing);
  }
});

Deno.test("PackedInput.next: has four buffers, however many pieces there are", async () => {
  const input = new PackedInput(openSource(image).reader, "gzip");
  const buffers = new Set<ArrayBufferLike>();
  const pieces: number[] = [];
  for (let piece = await input.next(); piece.length > 0; piece = await input.next()) {
    buffers.add(piece.buffer);
    pieces.push(piece.length);
  }
  assertEquals([buffers.size, pieces.length], [4, Math.ceil(image.length / 262_144)]);
});

for (const way of ["xz", "xz in WebAssembly"] as const) {
  Deno.test(`unpack: ${way}: blocks, no check, padding between streams, and a window of 64 MiB`, async () => {
    const blocks = await pipe(image, "xz", "-c", "--block-size=500000", "--check=none");
    assert(isSame(await unpacked(blocks, way), image));
    const large = await pipe(image, "xz", "-c", "--lzma2=preset=0,dict=64MiB");
    const padded = await join(blocks, new Uint8Array(8), large);
    assert(isSame(await unpacked(padded, way), await join(image, image)));
    const odd = await join(blocks, new Uint8Array(6));
    await assertRejects(() => unpacked(odd, way), Invalid, "");
  });

  Deno.test(`unpack: ${way}: a window above 64 MiB is refused`, async () => {
    const long = await pipe(image, "xz", "-c", "--lzma2=preset=0,dict=96MiB");
    await assertRejects(() => unpacked(long, way), Invalid, "its window is too large");
  });
}

Deno.test("unpack: xz: every check and filter by liblzma; others are named in WebAssembly", async () => {
  for (const options of [["--check=sha256"], ["--x86", "--lzma2"], ["--delta", "--lzma2"]]) {
    const odd = await pipe(image, "xz", "-c", ...options);
    assert(isSame(await unpacked(odd, "xz"), image), `${options}`);
    await assertRejects(
      () => unpacked(odd, "xz in WebAssembly"),
      Invalid,
      "a filter other than LZMA2, or a check",
    );
  }
});

Deno.test("unpack: bzip2: every size of block, runs of every length, and all bytes", async () => {
  const runs: Uint8Array<ArrayBuffer>[] = [];
  for (let length = 1; length < 1100; length++) runs.push(new Uint8Array(length).fill(length));
  const text = await join(...runs, image);
  for (const level of [1, 5, 9]) {
    const packed = await pipe(text, "bzip2", "-qc", `-${level}`);
    assert(isSame(await unpacked(packed, "bzip2"), text), `-${level}`);
  }
});

Deno.test("unpack: zstd: a window above 128 MiB is refused", async () => {
  const long = await pipe(image, "zstd", "-qc", "--ultra", "--long=30");
  await assertRejects(() => unpacked(long, "zstd"), Invalid, "its window has");
});
