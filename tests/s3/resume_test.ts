/**
 * Adds that go on where one that died has ended, on Ceph's radosgw and on Swift's S3 API.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { assertBytes, bytesOf, MIB, pattern } from "../../conformance/data.ts";
import { listUploads } from "../../drivers/s3/leftovers.ts";
import { sendForXml } from "../../drivers/s3/xml_request.ts";
import { CHUNK_SIZE, Duplicate, Invalid } from "../../mod.ts";
import { type Recorder, recorder } from "../faults/recorder.ts";
import { serviceTest } from "../services/mod.ts";
import { until } from "../until.ts";
import { TestBucket } from "./bucket.ts";

const PART = 5 * MIB + 65_536;
const SIZE = 4 * PART + 1000;
const OPTIONS = { largeObjectSize: 0, largeObjectChunkSize: 5, concurrency: 2 };
const RESUME = { resume: true, size: SIZE };
const PARTS = /partNumber=/;

/** Registers a test on servers, in a bucket of its own behind a proxy that records. */
function resumeTest(
  name: string,
  run: (bucket: TestBucket, proxy: Recorder) => Promise<void>,
  servers: readonly ("ceph" | "swift")[] = ["ceph"],
): void {
  for (const server of servers) {
    serviceTest(`${name}, on ${server}`, server, async ({ [server]: { s3 } }) => {
      await using proxy = recorder(s3.url);
      await using bucket = new TestBucket(s3, { ...OPTIONS, host: proxy.url });
      // So that the bucket is there.
      await bucket.store.add("first", new Uint8Array(1));
      await run(bucket, proxy);
    });
  }
}

/** Lets an add fail when the server has so many of its parts, and no other is under way. */
async function failAfter(bucket: TestBucket, bytes: Uint8Array, parts: number): Promise<void> {
  const client = bucket.client();
  const stored = async () => {
    let count = 0;
    for await (const { key, id } of listUploads(client)) {
      const request = { root: "ListPartsResult", key, query: { uploadId: id } };
      count += (await sendForXml(client, request)).all("Part").length;
    }
    return count;
  };
  const broken = async function* () {
    // A part is sent when the next one begins.
    const end = Math.ceil((parts * PART + 1) / CHUNK_SIZE) * CHUNK_SIZE;
    yield bytes.subarray(0, end);
    await until("the parts to be stored", async () => await stored() >= parts);
    throw new Error("the source broke");
  };
  try {
    await assertRejects(() => bucket.store.add("disk.raw", broken(), RESUME), Error, "broke");
  } finally {
    await client.close();
  }
}

async function uploadIds(bucket: TestBucket): Promise<string[]> {
  const client = bucket.client();
  try {
    return (await Array.fromAsync(listUploads(client))).map(({ id }) => id);
  } finally {
    await client.close();
  }
}

resumeTest("S3Store.add: with resume sends only what has not been sent", async (bucket, proxy) => {
  const { store } = bucket;
  const bytes = pattern(SIZE);
  await failAfter(bucket, bytes, 2);
  assertEquals(proxy.takeSent(PARTS), [PART, PART]);
  assertEquals((await uploadIds(bucket)).length, 1);
  const { size, checksum } = await store.add("disk.raw", bytes, RESUME);
  assertEquals(proxy.takeSent(PARTS).length, 3);
  assertBytes(await bytesOf(store, "disk.raw", { verify: { checksum } }), bytes);
  assertEquals(size, SIZE);
  await until("the upload to go", async () => (await uploadIds(bucket)).length === 0);
}, ["ceph", "swift"]);

resumeTest("S3Store.add: with resume sends parts anew that differ", async (bucket, proxy) => {
  const { store } = bucket;
  const bytes = pattern(SIZE);
  await failAfter(bucket, bytes, 2);
  proxy.takeSent(PARTS);
  const other = bytes.slice();
  other[PART + 7]! ^= 1;
  await store.add("disk.raw", other, RESUME);
  assertEquals(proxy.takeSent(PARTS).length, 4);
  assertBytes(await bytesOf(store, "disk.raw"), other);
});

resumeTest(
  "S3Store.add: with resume uses no upload of another image or size",
  async (bucket, proxy) => {
    const { store } = bucket;
    const bytes = pattern(SIZE);
    await failAfter(bucket, bytes, 2);
    proxy.takeSent(PARTS);
    const other = pattern(SIZE, 2);
    await store.add("disk.raw", other, RESUME);
    assertEquals(proxy.takeSent(PARTS).length, 5);
    assertBytes(await bytesOf(store, "disk.raw"), other);
    await store.delete("disk.raw");
    const shorter = bytes.subarray(0, PART + 10);
    await store.add("disk.raw", shorter, { resume: true, size: shorter.length });
    assertEquals(proxy.takeSent(PARTS).length, 2);
    assertBytes(await bytesOf(store, "disk.raw"), shorter);
    // What nobody has used is left for `gc`.
    assertEquals((await Array.fromAsync(store.gc({ olderThan: -600_000 }))).length, 1);
  },
);

resumeTest("S3Store.add: with resume leaves uploads of others alone", async (bucket) => {
  const { store } = bucket;
  const bytes = pattern(SIZE);
  const client = bucket.client();
  try {
    const key = "disk.raw";
    const begun = await sendForXml(client, {
      root: "InitiateMultipartUploadResult",
      method: "POST",
      key,
      query: { uploads: "" },
    });
    const uploadId = begun.text("UploadId");
    const query = { partNumber: "1", uploadId };
    const { headers } = await client.send({
      method: "PUT",
      key,
      query,
      body: bytes.subarray(0, 5 * MIB),
    });
    assert(headers.has("etag"));
    await store.add(key, bytes, RESUME);
    assertEquals(await uploadIds(bucket), [uploadId]);
  } finally {
    await client.close();
  }
});

resumeTest("S3Store.add: two adds with resume at once leave one whole image", async (bucket) => {
  const { store } = bucket;
  const images = [pattern(SIZE), pattern(SIZE)];
  for (let at = PART; at < SIZE; at++) images[1]![at]! ^= 255;
  await failAfter(bucket, images[0]!, 1);
  await using other = bucket.another();
  const results = await Promise.allSettled([
    store.add("disk.raw", images[0]!, RESUME),
    other.add("disk.raw", images[1]!, RESUME),
  ]);
  const winners = results.flatMap(({ status }, index) => status === "fulfilled" ? [index] : []);
  assert(winners.length <= 1, "both succeeded");
  for (const index of winners) assertBytes(await bytesOf(store, "disk.raw"), images[index]!);
  if (winners.length === 0) {
    // Each replaced parts of the other, and neither upload was completed.
    await store.add("disk.raw", images[1]!, RESUME);
    assertBytes(await bytesOf(store, "disk.raw"), images[1]!);
  }
  await assertRejects(() => other.add("disk.raw", images[0]!, RESUME), Duplicate);
}, ["ceph", "swift"]);

resumeTest("S3Store.add: refuses metadata with resume", async ({ store }) => {
  const bytes = pattern(10);
  const options = { resume: true, metadata: { a: "b" } };
  await assertRejects(() => store.add("a", bytes, options), Invalid, "metadata");
});
