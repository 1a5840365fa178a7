/**
 * Images read in parts, from the objects that they are made of: the same bytes, of one image.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { ImageChanged } from "../../mod.ts";
import { type SwiftOptions, SwiftStore } from "@vitrine/vitrine/swift";
import { PART } from "../../drivers/swift/reader.ts";
import { assertBytes, bytesOf, pattern } from "../../conformance/data.ts";
import { serviceTest } from "../services/mod.ts";
import { proxy } from "./proxy.ts";
import { account, ceph, container, emptied, swift } from "./servers.ts";

/** Parts of several sizes, in segments that no part begins with but the first. */
const BYTES = pattern(4 * PART + 7);
const SEGMENTS: SwiftOptions = { largeObjectSize: 1, largeObjectChunkSize: 3 };
const RANGES = [
  [0, undefined],
  [PART - 1, PART + 2],
  [1, 3 * PART],
  [4 * PART, undefined],
] as const;

for (const [server, login] of Object.entries({ swift, ceph })) {
  Deno.test({
    name: `${server}: every kind of object is read in parts, whole and by ranges [needs ${server}]`,
    ignore: login === undefined,
    async fn() {
      const name = container();
      const kinds: Record<string, SwiftOptions> = {
        static: SEGMENTS,
        dynamic: { ...SEGMENTS, largeObjectType: "dlo" },
        plain: {},
      };
      try {
        for (const [kind, more] of Object.entries(kinds)) {
          await using store = new SwiftStore("images", { ...login, container: name, ...more });
          await store.add(kind, BYTES);
          for (const [offset, length] of RANGES) {
            const end = length === undefined ? undefined : offset + length;
            const read = await bytesOf(store, kind, { offset, length });
            assertBytes(read, BYTES.subarray(offset, end));
          }
          const { etag } = await store.get(kind, { length: 1 });
          const whole = await store.get(kind);
          await whole.stream.cancel();
          assertEquals([whole.etag, whole.size, whole.total], [etag, BYTES.length, BYTES.length]);
        }
      } finally {
        await emptied({ ...login, container: name });
      }
    },
  });
}

serviceTest(
  "swift: segments are read themselves, once each part, and the image where it says nothing of them",
  "swift",
  async () => {
    let secretive = false;
    await using through = await proxy(({ name, pass }) => {
      return secretive && /^HEAD .*\/a$/.test(name)
        ? Promise.resolve(new Response(null, { status: 403 }))
        : pass();
    });
    const options = { ...through.options, container: container(), ...SEGMENTS };
    await using store = new SwiftStore("images", options);
    const reads = async () => {
      through.requests.length = 0;
      assertBytes(await bytesOf(store, "a"), BYTES);
      const gets = through.requests.filter((name) => name.startsWith("GET "));
      return gets.filter((name) => name.endsWith("/a")).length;
    };
    try {
      await store.add("a", BYTES);
      // The first part, and the manifest.
      assertEquals(await reads(), 2);
      assert(through.requests.some((name) => /^GET .*\/\.segments\/.*\/00000005$/.test(name)));
      secretive = true;
      assertEquals(await reads(), 4);
    } finally {
      await emptied({ ...swift!, container: options.container });
    }
  },
);

serviceTest(
  "swift: an image that is replaced while its parts are read is never mixed with the new one",
  "swift",
  async () => {
    const { send } = await account(swift!);
    let replace: (() => Promise<unknown>) | undefined;
    await using through = await proxy(async ({ name, pass }) => {
      const response = await pass();
      if (/^GET .*\/a$/.test(name) && replace) {
        const now = replace;
        replace = undefined;
        await now();
      }
      return response;
    });
    const options = { ...through.options, container: container(), ...SEGMENTS };
    await using store = new SwiftStore("images", options);
    try {
      await store.add("a", BYTES);
      await store.add("b", pattern(BYTES.length, 2));
      // glance_store overwrites; so does a new manifest over the segments of another image.
      const path = `/${options.container}/`;
      const manifest = await send("GET", `${path}b?multipart-manifest=get`);
      const entries = JSON.parse(manifest.text).map(
        ({ name, bytes, hash }: { name: string; bytes: number; hash: string }) => ({
          path: name,
          size_bytes: bytes,
          etag: hash,
        }),
      );
      replace = () => send("PUT", `${path}a?multipart-manifest=put`, {}, JSON.stringify(entries));
      await assertRejects(() => bytesOf(store, "a"), ImageChanged);
      assertBytes(await bytesOf(store, "a"), pattern(BYTES.length, 2));
    } finally {
      await emptied({ ...swift!, container: options.container });
    }
  },
);
