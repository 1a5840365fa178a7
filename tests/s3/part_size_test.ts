/**
 * How large the parts of an upload are.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import fc from "../fast_check.ts";
import { MAX_PART_SIZE, MAX_PARTS, MIB, partSize } from "../../drivers/s3/part_size.ts";

const TIB = 2 ** 40;
const least = fc.integer({ min: 5, max: 5120 }).map((mib) => mib * MIB);

Deno.test("partSize: an image of known size has at most 10,000 equal parts, no larger than need be", () => {
  fc.assert(fc.property(least, fc.maxSafeInteger().map(Math.abs), (least, total) => {
    total %= 5 * TIB;
    const size = partSize(1, least, total);
    assert(Math.ceil(total / size) <= MAX_PARTS);
    assert(size >= least && size <= MAX_PART_SIZE);
    assert(size === least || (size - MIB) * MAX_PARTS < total);
    assertEquals(partSize(MAX_PARTS, least, total), size);
  }));
});

Deno.test("partSize: 10,000 parts of an image of unknown size hold 5 TiB", () => {
  fc.assert(
    fc.property(least, (least) => {
      let total = 0;
      for (let number = 1, before = 0; number <= MAX_PARTS; number++) {
        const size = partSize(number, least, undefined);
        assert(size >= before && size <= MAX_PART_SIZE);
        total += before = size;
      }
      assert(total >= 5 * TIB);
    }),
    { numRuns: 20 },
  );
});

Deno.test("partSize: parts of an image of unknown size are as configured for the first 4,000", () => {
  assertEquals(partSize(4_000, 10 * MIB, undefined), 10 * MIB);
  assertEquals(partSize(4_001, 10 * MIB, undefined), 20 * MIB);
  assertEquals(partSize(4_501, 10 * MIB, undefined), 40 * MIB);
});
