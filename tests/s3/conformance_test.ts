/**
 * The contract on Ceph's radosgw and on Swift's S3 API, by one `PUT` and in parts.
 *
 * @module
 */

import { storeConformance } from "../../conformance/mod.ts";
import { service } from "../services/mod.ts";
import { TestBucket } from "./bucket.ts";

const NO_ACLS = "ACLs deny unless granted, and are read back as they were set";

for (const name of ["ceph", "swift"]) {
  const endpoints = await service(name);
  if (endpoints === undefined) {
    Deno.test.ignore(`conformance: s3 on ${name} [needs ${name}]`, () => {});
    continue;
  }
  const skip = name === "swift" ? { [NO_ACLS]: "its S3 API has no ACLs as deployed" } : {};
  const ways = {
    "one PUT": {},
    parts: { largeObjectSize: 0, largeObjectChunkSize: 5, concurrency: 3, readConcurrency: 3 },
  };
  for (const [way, options] of Object.entries(ways)) {
    const bucket = new TestBucket(endpoints.s3, options);
    storeConformance(`s3 on ${name}, ${way} [needs ${name}]`, () => bucket.store, {
      skip,
      cleanup: () => bucket[Symbol.asyncDispose](),
    });
  }
}
