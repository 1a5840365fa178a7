/**
 * Unpacking of what Debian's gzip, xz, zstd and bzip2 make, whole and damaged in every way.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Invalid } from "@vitrine/vitrine";
import { openSource } from "../../streams/source.ts";
import { type Packing, unpack, type UnpackLimits } from "../../streams/unpack/unpack.ts";
import { pipe } from "./pipe.ts";

/** An image with what can be packed and what cannot. */
const image = new Uint8Array(3_000_000);
for (let at = 0; at < 1_000_000; at += 65_536) {
  crypto.getRandomValues(image.subarray(at, Math.min(at + 65_536, 1_000_000)));
}
image.set(new TextEncoder().encode("a disk ".repeat(100_000)), 1_500_000);

async function unpacked(
  data: Uint8Array<ArrayBuffer>,
  packing: Packing,
  limits?: UnpackLimits,
): Promise<Uint8Array> {
  const reader = unpack(openSource(data).reader, packing, limits);
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

for (const packing of ["gzip", "xz", "zstd", "bzip2"] as const) {
  const packed = await pipe(image, packing, "-qc");

  Deno.test(`unpack: ${packing}: one, several, empty and padded streams`, async () => {
    assert(isSame(await unpacked(packed, packing), image));
    const twice = await unpacked(await join(packed, packed), packing);
    assert(isSame(twice, await join(image, image)));
    assertEquals((await unpacked(await pipe(new Uint8Array(), packing, "-qc"), packing)).length, 0);
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

  Deno.test(`unpack: ${packing}: the size and the ratio are limited`, async () => {
    const limit = { maxSize: image.length - 1 };
    await assertRejects(() => unpacked(packed, packing, limit), Invalid, "2999999 bytes allowed");
    const bomb = await pipe(new Uint8Array(80_000_000), packing, "-qc");
    await assertRejects(() => unpacked(bomb, packing), Invalid, "more than 500 times");
  });
}

Deno.test("unpack: xz: blocks and no check; other checks and filters are named", async () => {
  const blocks = await pipe(image, "xz", "-c", "--block-size=500000", "--check=none");
  assert(isSame(await unpacked(blocks, "xz"), image));
  for (const option of ["--check=sha256", "--x86"]) {
    const odd = await pipe(image, "xz", "-c", option, ...option === "--x86" ? ["--lzma2"] : []);
    await assertRejects(
      () => unpacked(odd, "xz"),
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
