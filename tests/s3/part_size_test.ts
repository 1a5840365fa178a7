/**
 * How large the parts of an upload are.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import fc from "../fast_check.ts";
import { S3Client } from "../../drivers/s3/client.ts";
import { Endpoint } from "../../drivers/s3/endpoint.ts";
import { S3Location } from "../../drivers/s3/location.ts";
import { MAX_PART_SIZE, MAX_PARTS, MIB, partSize } from "../../drivers/s3/part_size.ts";
import { WriteState } from "../../drivers/s3/write_state.ts";
import { S3Writer } from "../../drivers/s3/writer.ts";
import { CHUNK_SIZE } from "../../streams/mod.ts";
import { settings } from "./settings.ts";

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

Deno.test("partSize: equal parts stay as configured, and hold 10,000 of them", () => {
  for (const number of [1, 4_000, 4_001, 4_501, MAX_PARTS]) {
    assertEquals(partSize(number, 10 * MIB, undefined, true), 10 * MIB);
  }
  // If the size is known, parts are equal anyway, and may be larger.
  assertEquals(partSize(4_501, 10 * MIB, TIB, true), partSize(1, 10 * MIB, TIB, false));
});

for (const equalParts of [true, false]) {
  Deno.test(`S3Store.add: with equalParts ${equalParts}, parts ${equalParts ? "never" : "do"} grow`, async () => {
    const sizes: number[] = [];
    // Parts of 1 KiB, which no server takes: the sizes of real ones are 5 MiB and more.
    const options = settings({
      equalParts,
      largeObjectSize: 0,
      concurrency: 1,
      retries: 0,
      fetch: (url, { method, body }) => {
        const { searchParams } = new URL(url);
        const xml = (root: string, inside: string) =>
          Promise.resolve(new Response(`<${root}>${inside}</${root}>`));
        if (searchParams.has("uploads")) {
          return xml("InitiateMultipartUploadResult", "<UploadId>u</UploadId>");
        }
        if (searchParams.has("partNumber")) {
          sizes.push((body as Uint8Array).length);
          return Promise.resolve(new Response(null, { headers: { etag: '"e"' } }));
        }
        if (method === "POST") return xml("CompleteMultipartUploadResult", "<ETag>e</ETag>");
        return Promise.resolve(new Response(null, { status: 404 }));
      },
    });
    const small = { ...options, largeObjectChunkSize: 1 / 1024 };
    const client = new S3Client(small, new Endpoint(small, "s3"));
    const location = new S3Location("s3+https", "h", "b/a.raw");
    const writer = new S3Writer(new WriteState(client, small), location, "a.raw", {
      size: undefined,
    });
    const total = 4_100 * 1024;
    for (let at = 0; at < total; at += CHUNK_SIZE) {
      await writer.write(new Uint8Array(Math.min(CHUNK_SIZE, total - at)));
    }
    await writer.commit({
      size: total,
      checksum: "",
      multihash: { algo: "sha512", value: "" },
    });
    await client.close();
    const [least, largest] = [Math.min(...sizes.slice(0, -1)), Math.max(...sizes)];
    assertEquals([least, largest], [1024, equalParts ? 1024 : 2048]);
  });
}
