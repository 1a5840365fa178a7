/**
 * What copies into a store lose that keeps bytes alone.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { TestBucket } from "../s3/bucket.ts";
import { serviceTest } from "../services/mod.ts";
import { Workplace } from "./harness.ts";

const LINE = "vitrine: the target cannot keep all that was stored with";

serviceTest("cp, sync, mv: one line says what is not kept", "ceph", async ({ ceph }) => {
  await using bucket = new TestBucket(ceph.s3);
  const metadata = { build: "42" };
  await bucket.store.add("a.iso", new Uint8Array(3), { contentType: "image/x-iso", metadata });
  await bucket.store.add("b.iso", new Uint8Array(3), { cacheControl: "no-cache" });
  await bucket.store.add("plain.iso", new Uint8Array(3));
  await using place = await Workplace.make({
    stores: {
      cloud: { driver: "s3", ...bucket.options },
      local: { driver: "file", datadir: "./local", createDatadir: true },
    },
  });
  const all = "2 images; not kept: media type, metadata, cache control\n";
  const copied = await place.run("cp", "-r", "/cloud", "/local/copied", "--json");
  assertEquals([copied.code, copied.err], [0, `${LINE} ${all}`]);
  assertEquals(JSON.parse(copied.out).map((one: { notKept?: string[] }) => one.notKept), [
    ["contentType", "metadata"],
    ["cacheControl"],
    undefined,
  ]);
  assertEquals((await place.run("sync", "/cloud", "/local/synced")).err, `${LINE} ${all}`);
  const moved = await place.run("mv", "/cloud/a.iso", "/local/a.iso");
  assertEquals([moved.code, moved.err], [0, `${LINE} one image; not kept: media type, metadata\n`]);
  assertEquals((await place.run("cp", "/cloud/plain.iso", "/local/")).err, "");
});
