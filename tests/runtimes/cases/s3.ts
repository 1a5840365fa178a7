/**
 * Images in a bucket.
 *
 * @module
 */
import { S3Store } from "../../../drivers/s3/mod.ts";
import { all, byobSizesOf, bytesOf, equal, fails, pattern } from "../check.ts";
import type { Cases } from "../case.ts";
import type { BucketSite } from "../environment.ts";

const MIB = 1_048_576;
const DATA = pattern(11 * MIB + 3);

/** What a store in a bucket does. */
export function s3Cases(options: BucketSite): Cases {
  const store = (more = {}) => new S3Store("bucket", { ...options, ...more });
  const parts = () => store({ largeObjectSize: 0, largeObjectChunkSize: 5, concurrency: 2 });
  const id = (name: string) => `${crypto.randomUUID()}/${name}`;
  return {
    "s3: an image of one PUT, its digests kept": async () => {
      const name = id("a b+c.img");
      const { checksum, multihash, location } = await store().add(name, DATA);
      const stat = await store().stat(location.uri());
      equal([stat.size, stat.checksum, stat.multihash], [DATA.length, checksum, multihash]);
      const { stream } = await store().get(name, { verify: true });
      equal(await bytesOf(stream), DATA);
      await fails("Duplicate", () => store().add(name, new Uint8Array(1)));
    },
    "s3: an image of unknown size in parts, read in parts": async () => {
      const name = id("parts");
      const data = new Blob([DATA]).stream();
      equal((await parts().add(name, data)).size, DATA.length);
      const { stream } = await store({ readConcurrency: 3 }).get(name);
      equal(await bytesOf(stream), DATA);
      const { stream: range } = await store().get(name, { offset: 5 * MIB - 1, length: 4 * MIB });
      equal(await byobSizesOf(range, 4 * MIB), [4 * MIB]);
      await fails("InvalidRange", () => store().get(name, { offset: DATA.length + 1 }));
    },
    "s3: list, copy, rename, delete": async () => {
      const directory = id("").slice(0, -1);
      await store().add(`${directory}/ü & <x>`, new Uint8Array(3));
      await store().copy(`${directory}/ü & <x>`, `${directory}/sub/copy`);
      await store().rename(`${directory}/sub/copy`, `${directory}/sub/new`);
      const paths = async (recursive: boolean) =>
        (await all(store().list({ directory, recursive }))).map(({ path }) =>
          path.slice(directory.length + 1)
        ).sort();
      equal(await paths(false), ["sub", "ü & <x>"]);
      equal(await paths(true), ["sub/new", "ü & <x>"]);
      await store().deleteMany((await paths(true)).map((path) => `${directory}/${path}`));
      equal(await paths(true), []);
    },
    "s3: an add that fails leaves nothing": async () => {
      const name = id("broken");
      let left = 2;
      const broken = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (left-- > 0) controller.enqueue(new Uint8Array(6 * MIB));
          else controller.error(new Error("the source broke"));
        },
      });
      await parts().add(name, broken).then(() => equal("added", "failed"), () => {});
      await fails("NotFound", () => store().stat(name));
      equal(await all(store().gc({ olderThan: 0, dryRun: true })), []);
    },
    "s3: a presigned URL is read by anybody": async () => {
      const name = id("signed");
      await store().add(name, new Uint8Array([1, 2, 3]));
      const response = await fetch(await store().presign(name));
      equal(new Uint8Array(await response.arrayBuffer()), new Uint8Array([1, 2, 3]));
    },
    "s3: errors by the server's code": async () => {
      await fails("NotFound", () => store().get(id("none")));
      // Ceph shows a page nothing before it knows who it is.
      if ("document" in globalThis) return;
      await fails("NotAuthenticated", () => store({ secretKey: "wrong" }).get(id("none")));
    },
    "s3: where there is no environment, no file is looked for": async () => {
      if ("process" in globalThis) return;
      const { host, bucket } = options;
      await fails("MissingCredentialError", () => new S3Store("s3", { host, bucket }).get("a"));
    },
  };
}
