/**
 * The contract on Ceph's radosgw and on Swift's S3 API, by one `PUT` and in parts.
 *
 * @module
 */

import { type BackendHooks, storeConformance } from "../../conformance/mod.ts";
import { listUploads } from "../../drivers/s3/leftovers.ts";
import { NotFound } from "../../mod.ts";
import type { S3Client } from "../../drivers/s3/client.ts";
import { service } from "../services/mod.ts";
import { TestBucket } from "./bucket.ts";

const NO_ACLS = "ACLs deny unless granted, and are read back as they were set";

/** What can be done to a bucket behind the store's back; a policy only where the server has them. */
function hooksOf(bucket: TestBucket, hasPolicies: boolean): BackendHooks {
  const use = async <T>(work: (client: S3Client) => Promise<T>) => {
    const client = bucket.client();
    try {
      return await work(client);
    } finally {
      await client.close();
    }
  };
  const policy = (imageId: string) => ({
    Version: "2012-10-17",
    Statement: [{
      Effect: "Deny",
      Principal: "*",
      Action: ["s3:DeleteObject"],
      Resource: [`arn:aws:s3:::${bucket.options.bucket}/${imageId}`],
    }],
  });
  return {
    snapshot: () =>
      use(async (client) => {
        try {
          await using store = bucket.another();
          const keys = await Array.fromAsync(store.list({ recursive: true }));
          const uploads = await Array.fromAsync(listUploads(client));
          return [...keys.map(({ path }) => path), ...uploads.map(({ key }) => `${key}, in parts`)];
        } catch (error) {
          if (error instanceof NotFound) return "there is no bucket";
          throw error;
        }
      }),
    async hideImage(directory) {
      const key = `${directory}/two//slashes`;
      await use((client) => client.headers({ method: "PUT", key, body: new Uint8Array(1) }));
      return async () => void await use((client) => client.headers({ method: "DELETE", key }));
    },
    ...hasPolicies && {
      async preventRemoval(imageId) {
        const body = new TextEncoder().encode(JSON.stringify(policy(imageId)));
        const query = { policy: "" };
        await use((client) => client.headers({ method: "PUT", query, body }));
        return () =>
          use(async (client) => (await client.send({ method: "DELETE", query })).release());
      },
    },
  };
}

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
      hooks: hooksOf(bucket, name === "ceph"),
      cleanup: () => bucket[Symbol.asyncDispose](),
    });
  }
}
