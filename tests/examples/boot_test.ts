/**
 * A machine boots from an image that lies in S3.
 *
 * @module
 */
import { assert, assertStringIncludes } from "@std/assert";
import { Vfs } from "@vitrine/vitrine";
import { addBootImage, bootFromStore } from "../../examples/boot/main.ts";
import { TestBucket } from "../s3/bucket.ts";
import { serviceTest } from "../services/mod.ts";

const MIB = 1024 * 1024;
/** How long a machine may take that is emulated on a busy computer, in milliseconds. */
const TIME_LIMIT = 600_000;

serviceTest("boot/main.ts: a machine boots from S3", ["ceph", "machine"], async (endpoints) => {
  let requests = 0;
  let bytes = 0;
  await using bucket = new TestBucket(endpoints.ceph["s3"], {
    async fetch(url, init) {
      const response = await fetch(url, init);
      if (init.method === "GET") {
        requests++;
        bytes += Number(response.headers.get("content-length"));
      }
      return response;
    },
  });
  await using vfs = new Vfs({ bucket: bucket.store });
  const sha256 = await addBootImage(vfs, "/bucket/boot.iso", endpoints.machine["system"]);
  const { size } = await vfs.stat("/bucket/boot.iso");
  [requests, bytes] = [0, 0];
  const printed = await bootFromStore(
    vfs,
    "/bucket/boot.iso",
    () => {},
    AbortSignal.timeout(TIME_LIMIT),
  );
  console.log(`${printed}\n${requests} requests, ${(bytes / MIB).toFixed(1)} MiB of ${size}`);
  assertStringIncludes(printed, `sha256 ${sha256}`);
  assert(bytes >= 64 * MIB && bytes < 2 * size!, `${bytes} bytes were read`);
  assert(requests < 1000, `${requests} requests`);
});
