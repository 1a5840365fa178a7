/**
 * glance_store's S3 driver and ours on one bucket: what either adds the other gets and deletes by the
 * location URI.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { NotFound } from "../../mod.ts";
import { assertBytes, bytesOf, MIB, pattern } from "../../conformance/data.ts";
import { serviceTest } from "../services/mod.ts";
import { TestBucket } from "./bucket.ts";
import { glanceOn } from "./glance_s3.ts";

// Not on Swift too: its access keys hold a colon, where glance_store ends them in its URIs.
serviceTest(
  "s3: glance_store and Vitrine read each other",
  ["ceph", "glance_store"],
  async ({ ceph, glance_store }) => {
    await using bucket = new TestBucket(ceph.s3, {
      keysInLocations: true,
      largeObjectSize: 12,
      largeObjectChunkSize: 5,
      concurrency: 3,
    });
    const { store, options } = bucket;
    const glance = glanceOn(glance_store.python, options);
    const path = await Deno.makeTempFile();
    try {
      for (const size of [0, 1, 3 * MIB, 12 * MIB, 23 * MIB + 7]) {
        const bytes = pattern(size, size + 1);
        await Deno.writeFile(path, bytes);

        const theirs = await glance("add", { id: `theirs-${size}`, size, path });
        const digests = { checksum: theirs.checksum, multihash: sha512(theirs.multihash) };
        assertBytes(await bytesOf(store, theirs.uri, { verify: digests }), bytes);
        assertEquals((await store.stat(theirs.uri)).location.imageId, `theirs-${size}`);

        const ours = await store.add(`ours-${size}`, bytes);
        assertEquals(ours.checksum, theirs.checksum);
        assertEquals(ours.multihash.value, theirs.multihash);
        const uri = ours.location.uri({ credentials: true });
        assertEquals(uri, theirs.uri.replace("theirs", "ours"));
        const read = await glance("get", { uri, path });
        assertEquals([read.size, read.sha512], [size, ours.multihash.value]);
        assertBytes(await Deno.readFile(path), bytes);

        await store.delete(theirs.uri);
        await glance("delete", { uri });
        await assertRejects(() => store.stat(`ours-${size}`), NotFound);
      }
      assertEquals(await Array.fromAsync(store.list()), []);
    } finally {
      await Deno.remove(path);
    }
  },
);

function sha512(value: string): { algo: string; value: string } {
  return { algo: "sha512", value };
}
