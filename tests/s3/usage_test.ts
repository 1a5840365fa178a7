/**
 * How much space a bucket takes.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { NotFound } from "../../mod.ts";
import { serviceTest } from "../services/mod.ts";
import { run } from "../services/processes.ts";
import { TestBucket } from "./bucket.ts";

serviceTest("S3Store.usage: is what radosgw says of the bucket", "ceph", async ({ ceph }) => {
  await using bucket = new TestBucket(ceph.s3);
  const { store } = bucket;
  assertEquals(await store.usage(), { used: 0, images: 0 });
  await store.add("iso/debian 12#?.iso", new Uint8Array(1000));
  await store.add("b", new Uint8Array(24));
  assertEquals(await store.usage(), { used: 1024, images: 2 });
  await store.delete("b");
  assertEquals(await store.usage(), { used: 1000, images: 1 });
});

serviceTest(
  "S3Store.usage: what the quota of the bucket leaves is free",
  "ceph",
  async ({ ceph }) => {
    await using bucket = new TestBucket(ceph.s3);
    await bucket.store.add("a", new Uint8Array(96));
    const admin = (...args: string[]) => run("radosgw-admin", ["-c", ceph.confPath, ...args]);
    const name = `--bucket=${bucket.options.bucket}`;
    await admin("quota", "set", "--quota-scope=bucket", name, "--max-size=4096");
    await admin("quota", "enable", "--quota-scope=bucket", name);
    assertEquals(await bucket.store.usage(), { used: 96, free: 4000, images: 1 });
  },
);

serviceTest("S3Store.usage: a bucket that is missing is an error", "ceph", async ({ ceph }) => {
  await using bucket = new TestBucket(ceph.s3);
  await using store = bucket.another({ createBucketOnPut: false });
  await assertRejects(() => store.usage(), NotFound, "the bucket does not exist");
});

serviceTest(
  "S3Store.usage: of a server that does not say it nothing is known",
  "swift",
  async ({ swift }) => {
    await using bucket = new TestBucket(swift.s3);
    await bucket.store.add("a", new Uint8Array(1));
    assertEquals(await bucket.store.usage(), {});
  },
);
