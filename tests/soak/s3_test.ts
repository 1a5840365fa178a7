/**
 * Random aborts and kills on Ceph's radosgw, of images of one `PUT` and of parts; and the digests of a large
 * image.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { MIB } from "../../conformance/data.ts";
import { S3Store } from "../../drivers/s3/mod.ts";
import { listUploads } from "../../drivers/s3/leftovers.ts";
import { TestBucket } from "../s3/bucket.ts";
import { glanceOn } from "../s3/glance_s3.ts";
import { type Endpoints, serviceTest } from "../services/mod.ts";
import { ABORTS, KILLS, soakAborts, type Soaked, soakKills } from "./harness.ts";

async function soak(s3: Endpoints["s3"], run: (soaked: Soaked) => Promise<void>): Promise<void> {
  await using bucket = new TestBucket(s3, {
    largeObjectSize: 5,
    largeObjectChunkSize: 5,
    concurrency: 2,
  });
  // So that the bucket is there.
  await bucket.store.add("first", new Uint8Array(1));
  await bucket.store.delete("first");
  await run({
    driver: "s3",
    options: { ...bucket.options },
    sizes: [1, 3 * MIB, 11 * MIB],
    patience: 400,
    open: () => new S3Store("soaked", bucket.options),
    async leftovers() {
      const client = bucket.client();
      try {
        return (await Array.fromAsync(listUploads(client))).map(({ key }) => key);
      } finally {
        await client.close();
      }
    },
  });
}

serviceTest(
  `S3Store.add: ${ABORTS} random aborts leave no half image and no upload`,
  "ceph",
  ({ ceph }) => soak(ceph.s3, (soaked) => soakAborts(soaked, ABORTS)),
);

serviceTest(
  `S3Store.add: ${KILLS} random kills leave no half image, and gc no upload`,
  "ceph",
  ({ ceph }) => soak(ceph.s3, (soaked) => soakKills(soaked, KILLS)),
);

// glance_store cannot read what Swift has: the access keys there hold a colon, which ends them in its URIs.
for (const services of [["ceph", "glance_store"], ["swift"]] as const) {
  const [server] = services;
  serviceTest(
    `S3Store.add: a stream of 300 MiB keeps its digests, copied and renamed too, on ${server}`,
    [...services],
    async ({ [server]: { s3 }, glance_store }) => {
      await using bucket = new TestBucket(s3, { keysInLocations: true });
      const { store } = bucket;
      const chunk = crypto.getRandomValues(new Uint8Array(65_536));
      const chunks = ReadableStream.from(Array.from({ length: 4_800 }, () => chunk));
      const { size, checksum, multihash } = await store.add("a", chunks);
      assertEquals(size, 300 * MIB);
      await store.copy("a", "b");
      await store.rename("a", "c");
      for (const id of ["b", "c"]) {
        const kept = await store.stat(id);
        assertEquals([kept.checksum, kept.multihash], [checksum, multihash]);
        const { stream } = await store.get(id, { verify: true });
        for await (const _chunk of stream);
      }
      if (glance_store) {
        const { location } = await store.stat("c");
        const uri = location.uri({ credentials: true });
        const read = await glanceOn(glance_store.python, bucket.options)("get", { uri });
        assertEquals([read.size, read.sha512], [size, multihash.value]);
      }
      for (const id of ["b", "c"]) await store.delete(id);
      assertEquals(await Array.fromAsync(store.list({ recursive: true })), []);
    },
  );
}
