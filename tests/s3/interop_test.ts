/**
 * glance_store's S3 driver and ours on one bucket: what either adds the other gets and deletes by the
 * location URI.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { NotFound } from "../../mod.ts";
import { assertBytes, bytesOf, MIB, pattern } from "../../conformance/data.ts";
import { serviceTest } from "../services/mod.ts";
import { TestBucket } from "./bucket.ts";

const SCRIPT = new URL("glance_s3.py", import.meta.url).pathname;

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
    const path = await Deno.makeTempFile();

    async function glance(work: string, more: Record<string, unknown>): Promise<GlanceResult> {
      const { success, stdout, stderr } = await new Deno.Command(glance_store.python, {
        args: [
          SCRIPT,
          work,
          JSON.stringify({
            s3_store_host: options.host,
            s3_store_access_key: options.accessKey,
            s3_store_secret_key: options.secretKey,
            s3_store_bucket: options.bucket,
            s3_store_bucket_url_format: "path",
            s3_store_create_bucket_on_put: true,
            s3_store_large_object_size: 12,
            s3_store_large_object_chunk_size: 5,
            path,
            ...more,
          }),
        ],
      }).output();
      assert(success, new TextDecoder().decode(stderr));
      return JSON.parse(new TextDecoder().decode(stdout));
    }

    try {
      for (const size of [0, 1, 3 * MIB, 12 * MIB, 23 * MIB + 7]) {
        const bytes = pattern(size, size + 1);
        await Deno.writeFile(path, bytes);

        const theirs = await glance("add", { id: `theirs-${size}`, size });
        const digests = { checksum: theirs.checksum, multihash: sha512(theirs.multihash) };
        assertBytes(await bytesOf(store, theirs.uri, { verify: digests }), bytes);
        assertEquals((await store.stat(theirs.uri)).location.imageId, `theirs-${size}`);

        const ours = await store.add(`ours-${size}`, bytes);
        assertEquals(ours.checksum, theirs.checksum);
        assertEquals(ours.multihash.value, theirs.multihash);
        const uri = ours.location.uri({ credentials: true });
        assertEquals(uri, theirs.uri.replace("theirs", "ours"));
        assertEquals(await glance("get", { uri }), { size } as GlanceResult);
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

/** What the script prints. */
interface GlanceResult {
  uri: string;
  size: number;
  checksum: string;
  multihash: string;
}

function sha512(value: string): { algo: string; value: string } {
  return { algo: "sha512", value };
}
