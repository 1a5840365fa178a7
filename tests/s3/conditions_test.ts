/**
 * Preconditions that S3 servers judge.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { NotModified, PreconditionFailed } from "../../mod.ts";
import { assertBytes, bytesOf, MIB, pattern } from "../../conformance/data.ts";
import { serviceTest } from "../services/mod.ts";
import { TestBucket } from "./bucket.ts";

for (const server of ["ceph", "swift"] as const) {
  serviceTest(
    `S3Store.get: the server judges preconditions, on ${server}`,
    server,
    async ({ [server]: { s3 } }) => {
      const seen: string[] = [];
      const fetched = async (url: string, init: RequestInit) => {
        const response = await fetch(url, init);
        seen.push(`${init.method} ${response.status}`);
        return response;
      };
      await using bucket = new TestBucket(s3);
      const data = pattern(12 * MIB);
      await bucket.store.add("disk.raw", data);
      const { etag, modified } = await bucket.store.stat("disk.raw");
      const parallel = { readConcurrency: 3, largeObjectChunkSize: 5 };
      await using store = bucket.another({ ...parallel, fetch: fetched });
      await assertRejects(() => store.get("disk.raw", { ifNoneMatch: etag }), NotModified);
      await assertRejects(() => store.get("disk.raw", { ifModifiedSince: modified }), NotModified);
      assertEquals(seen.splice(0), ["GET 304", "GET 304"]);
      const other = { ifMatch: '"another"' };
      await assertRejects(() => store.get("disk.raw", other), PreconditionFailed);
      assertEquals(seen.splice(0), ["GET 412", "HEAD 200"]);
      // All parts of the read, not the first alone.
      assertBytes(await bytesOf(store, "disk.raw", { ifMatch: etag }), data);
      assertEquals(seen.splice(0), ["GET 206", "GET 206", "GET 206"]);
    },
  );
}
