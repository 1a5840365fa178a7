/**
 * The S3 store against a hostile server.
 *
 * @module
 */
import { S3Store } from "../../drivers/s3/mod.ts";
import { FakeBucket } from "./bucket.ts";
import { IMAGES, runMatrix } from "./matrix.ts";

Deno.test("S3Store: against a hostile server each operation ends with the truth or an error", async () => {
  await runMatrix({
    driver: "s3",
    serve: () => new FakeBucket(IMAGES),
    open: (url) =>
      new S3Store("hostile", {
        host: url,
        bucket: "b",
        accessKey: "AKIA",
        secretKey: "hush",
        timeout: 300,
        retries: 1,
        largeObjectSize: 5,
        largeObjectChunkSize: 5,
      }),
    isWritable: true,
    large: 5 * 2 ** 20 + 1,
    least: 13_000,
  });
});
