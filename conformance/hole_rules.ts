/**
 * What holds for images with runs of zeros, which some stores keep as holes.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { Invalid, InvalidRange } from "../mod.ts";
import { encodeHex } from "../streams/encoding.ts";
import { assertBytes, bytesOf, MIB, pattern, streamOf } from "./data.ts";
import { RANDOM, type Rule, RW } from "./suite.ts";

/** The rules. */
export const holeRules: readonly Rule[] = [
  {
    name: "runs of zeros are read back as zeros, whether they become holes or not",
    needs: RW,
    async run({ store, id }) {
      // At the start, across chunks, and at an end that is no multiple of a block.
      const bytes = new Uint8Array(13 * MIB + 5);
      for (const at of [MIB, 9 * MIB - 3]) bytes.set(pattern(70_001), at);
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-512", bytes));
      for (const sparse of [true, undefined]) {
        const name = id(`zeros-${sparse}`);
        const { size, multihash } = await store.add(name, streamOf(bytes), { sparse });
        assertEquals([size, multihash.value], [bytes.length, encodeHex(digest)]);
        assertBytes(await bytesOf(store, name), bytes);
      }
    },
  },
  {
    name: "extents cover the range without gaps, and what is a hole reads as zeros",
    needs: RW | RANDOM,
    async run({ store, id }) {
      const bytes = new Uint8Array(17 * MIB + 1);
      for (const at of [0, 8 * MIB]) bytes.set(pattern(MIB), at);
      await store.add(id("thin"), bytes);
      await using handle = await store.open(id("thin"));
      for (
        const [offset, length] of [[0, bytes.length], [MIB - 1, 3], [9 * MIB, 99 * MIB]] as const
      ) {
        let at = offset;
        const extents = await handle.extents(offset, length);
        for (const extent of extents) {
          assertEquals([extent.offset, extent.length > 0], [at, true]);
          at += extent.length;
          const view = new Uint8Array(extent.length);
          assertEquals(await handle.read(view, extent.offset), extent.length);
          if (extent.kind === "hole") assertBytes(view, new Uint8Array(extent.length));
        }
        assertEquals(at, Math.min(offset + length, bytes.length));
      }
      assertEquals(await handle.extents(bytes.length, 5), []);
      assertEquals(await handle.extents(0, 0), []);
      await assertRejects(() => handle.extents(-1, 5), InvalidRange);
      await handle.close();
      await assertRejects(() => handle.extents(0, 1), Invalid);
    },
  },
];
