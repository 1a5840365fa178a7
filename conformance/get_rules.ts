/**
 * What holds for `get`, `readable`, `open` and `stat`.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import {
  BadStoreUri,
  BitMasks,
  ChecksumMismatch,
  Invalid,
  InvalidRange,
  NotFound,
  NotModified,
  PreconditionFailed,
  type StoreLocation,
} from "../mod.ts";
import { assertBytes, bytesOf, MIB, pattern, streamOf } from "./data.ts";
import { RANDOM, type Rule, RW } from "./suite.ts";

/** The rules. */
export const getRules: readonly Rule[] = [
  {
    name: "get gives chunks of exactly 4 MiB but the last, at every size around them",
    needs: RW,
    async run({ store, id }) {
      for (const size of [1, 4 * MIB - 1, 4 * MIB, 4 * MIB + 1, 8 * MIB, 9 * MIB + 3]) {
        const bytes = pattern(size, size);
        await store.add(id(`${size}`), streamOf(bytes, 1_000_003));
        const { stream, size: announced } = await store.get(id(`${size}`));
        assert(announced === undefined || announced === size, `size ${announced}`);
        const chunks = await Array.fromAsync(stream);
        const last = chunks.pop()!;
        for (const chunk of chunks) assertEquals(chunk.length, 4 * MIB);
        assertEquals(chunks.length * 4 * MIB + last.length, size);
        assertBytes(await bytesOf(store, id(`${size}`)), bytes);
      }
    },
  },
  {
    name: "a BYOB reader is filled with what it asks for",
    needs: RW,
    async run({ store, id }) {
      const bytes = pattern(9 * MIB + 11);
      await store.add(id("byob"), bytes);
      for (const size of [1_000_000, 4 * MIB, 5 * MIB + 1]) {
        const { stream } = await store.get(id("byob"));
        const reader = stream.getReader({ mode: "byob" });
        const parts: Uint8Array<ArrayBuffer>[] = [];
        for (;;) {
          const { done, value } = await reader.read(new Uint8Array(size));
          if (done) break;
          parts.push(value);
        }
        for (const part of parts.slice(0, -1)) assertEquals(part.length, size);
        assertBytes(new Uint8Array(await new Blob(parts).arrayBuffer()), bytes);
      }
    },
  },
  {
    name: "a range gives exactly its bytes and their number",
    needs: RW | RANDOM,
    async run({ store, id }) {
      const size = 9 * MIB + 3;
      const bytes = pattern(size);
      await store.add(id("ranged"), bytes);
      const ranges: [number, number | undefined][] = [
        [0, undefined],
        [0, 1],
        [1, 1],
        [4 * MIB - 1, 2],
        [4 * MIB, 4 * MIB],
        [5, 8 * MIB],
        [size - 1, 1],
        [size - 1, undefined],
        [size - 5, 100],
        [3, 0],
        [size, undefined],
        [size, 10],
        [size, 0],
        [0, size + 1],
      ];
      for (const [offset, length] of ranges) {
        const expected = bytes.subarray(offset, length === undefined ? size : offset + length);
        const { stream, size: announced } = await store.get(id("ranged"), { offset, length });
        assertEquals(announced, expected.length, `size of ${offset}+${length}`);
        assertBytes(new Uint8Array(await new Response(stream).arrayBuffer()), expected);
      }
    },
  },
  {
    name: "a suffix is the last bytes of an image, or all of them",
    needs: RW | RANDOM,
    async run({ store, id }) {
      const bytes = pattern(5 * MIB);
      await store.add(id("ended"), bytes);
      await store.add(id("empty"), pattern(0));
      for (const suffix of [0, 1, 4 * MIB + 1, 5 * MIB, 5 * MIB + 1]) {
        const { size, stream } = await store.get(id("ended"), { suffix });
        assertEquals(size, Math.min(suffix, 5 * MIB));
        const expected = bytes.subarray(Math.max(0, 5 * MIB - suffix));
        assertBytes(new Uint8Array(await new Response(stream).arrayBuffer()), expected);
        assertEquals((await bytesOf(store, id("empty"), { suffix })).length, 0);
      }
      for (const range of [{ suffix: -1 }, { suffix: 1.5 }, { suffix: 1, offset: 1 }]) {
        await assertRejects(() => store.get(id("ended"), range), InvalidRange);
      }
      await assertRejects(() => store.get(id("ended"), { suffix: 1, length: 1 }), InvalidRange);
      await assertRejects(() => store.get(id("none"), { suffix: 1 }), NotFound);
    },
  },
  {
    name: "getRanges gives the bytes of each range, in the order of the ranges",
    needs: RW | RANDOM,
    async run({ store, id }) {
      const size = 2 * MIB + 3;
      const bytes = pattern(size);
      await store.add(id("many"), bytes);
      await store.add(id("empty"), pattern(0));
      const ranges = [
        { offset: 2 * MIB, length: 2 },
        { offset: 0, length: 10 },
        { suffix: 5 },
        { offset: 5, length: 10 },
        { offset: 5, length: 0 },
        { offset: 0, length: 10 },
        { offset: MIB },
        { offset: size - 1, length: 100 },
        { offset: size },
        {},
      ];
      const read = await store.getRanges(id("many"), ranges);
      assertEquals(read.length, ranges.length);
      for (const [index, { offset = 0, length = size, suffix }] of ranges.entries()) {
        const start = suffix === undefined ? offset : size - suffix;
        assertBytes(read[index]!, bytes.subarray(start, start + length));
      }
      assertEquals(await store.getRanges(id("many"), []), []);
      const ofEmpty = await store.getRanges(id("empty"), [{}, { suffix: 3 }, { offset: 0 }]);
      assertEquals(ofEmpty.map(({ length }) => length), [0, 0, 0]);
      for (const range of [{ offset: size + 1 }, { offset: -1 }, { suffix: 1, length: 1 }]) {
        await assertRejects(() => store.getRanges(id("many"), [{}, range]), InvalidRange);
      }
      await assertRejects(() => store.getRanges(id("none"), [{}]), NotFound);
    },
  },
  {
    name: "a range that begins past the end, or is no range, is InvalidRange",
    needs: RW | RANDOM,
    async run({ store, id }) {
      await store.add(id("short"), pattern(10));
      const ranges = [
        { offset: 11 },
        { offset: 11, length: 1 },
        { offset: 11, length: 0 },
        { offset: 2 ** 40 },
        { offset: -1 },
        { offset: 1.5 },
        { length: -1 },
        { offset: NaN },
        { length: Infinity },
      ];
      for (const range of ranges) {
        const error = await assertRejects(() => store.get(id("short"), range), InvalidRange);
        assert(error instanceof Invalid);
      }
    },
  },
  {
    name: "a missing image is NotFound for get, stat, getSize and the stream of readable",
    async run({ store, id }) {
      const name = id("nobody");
      await assertRejects(() => store.get(name), NotFound);
      await assertRejects(() => store.stat(name), NotFound);
      await assertRejects(() => store.getSize(name), NotFound);
      await assertRejects(() => new Response(store.readable(name)).arrayBuffer(), NotFound);
    },
  },
  {
    name: "stat has size, location and, where the store can, the digests",
    needs: RW,
    async run({ store, id }) {
      const added = await store.add(id("reported"), pattern(5 * MIB));
      const stat = await store.stat(added.location);
      assertEquals(added.etag ?? stat.etag, stat.etag);
      assertEquals(added.modified ?? stat.modified, stat.modified);
      assertEquals(stat.size, 5 * MIB);
      assertEquals(stat.location.uri(), added.location.uri());
      assertEquals(stat.location.imageId, id("reported"));
      if (store.isCapable(BitMasks.CHECKSUM)) {
        assertEquals(stat.checksum, added.checksum);
        assertEquals(stat.multihash, added.multihash);
        assertEquals((await bytesOf(store, id("reported"), { verify: true })).length, 5 * MIB);
      }
    },
  },
  {
    name: "get and stat read an image only if the preconditions hold",
    needs: RW,
    async run({ store, id }) {
      const bytes = pattern(1000);
      await store.add(id("conditional"), bytes);
      const { etag, modified } = await store.stat(id("conditional"));
      const earlier = modified && new Date(modified.getTime() - 60_000);
      const holding = [
        etag && { ifMatch: etag },
        etag && { ifMatch: `"another", ${etag}` },
        { ifMatch: "*" },
        { ifNoneMatch: '"another"' },
        { ifNoneMatch: 'W/"another", "third"' },
        etag && earlier && { ifMatch: etag, ifUnmodifiedSince: earlier },
        modified && { ifNoneMatch: '"another"', ifModifiedSince: modified },
        modified && { ifUnmodifiedSince: modified },
        earlier && { ifModifiedSince: earlier },
      ].filter((one) => typeof one === "object");
      for (const conditions of holding) {
        assertEquals((await store.stat(id("conditional"), conditions)).size ?? 1000, 1000);
        assertBytes(await bytesOf(store, id("conditional"), conditions), bytes);
      }
      const failing = [
        [PreconditionFailed, { ifMatch: '"another"' }],
        [NotModified, etag && { ifNoneMatch: etag }],
        [NotModified, etag && { ifNoneMatch: `"another", W/${etag}` }],
        [NotModified, { ifNoneMatch: "*" }],
        [PreconditionFailed, earlier && { ifUnmodifiedSince: earlier }],
        [NotModified, modified && { ifModifiedSince: modified }],
      ] as const;
      for (const [error, conditions] of failing) {
        if (typeof conditions !== "object") continue;
        await assertRejects(() => store.stat(id("conditional"), conditions), error);
        await assertRejects(() => store.get(id("conditional"), conditions), error);
        if (!store.isCapable(RANDOM)) continue;
        const range = { ...conditions, offset: 5, length: 10 };
        await assertRejects(() => store.get(id("conditional"), range), error);
      }
      await assertRejects(() => store.get(id("none"), { ifNoneMatch: "*" }), NotFound);
    },
  },
  {
    name: "get has the size, entity tag and date of the whole image, also of a range of it",
    needs: RW,
    async run({ store, id }) {
      await store.add(id("reported"), pattern(1000));
      const stat = await store.stat(id("reported"));
      const range = { offset: 10, length: 20 };
      for (const options of store.isCapable(RANDOM) ? [{}, range] : [{}]) {
        const { total, etag, modified, stream } = await store.get(id("reported"), options);
        await stream.cancel();
        assertEquals(total ?? stat.size, stat.size ?? total, "total");
        assertEquals(etag ?? stat.etag, stat.etag, "etag");
        assert(modified === undefined || !Number.isNaN(modified.getTime()), "modified");
      }
    },
  },
  {
    name: "verify lets the right digests pass and fails the stream on wrong ones",
    needs: RW,
    async run({ store, id }) {
      const bytes = pattern(8 * MIB);
      const { checksum, multihash } = await store.add(id("verified"), bytes);
      assertBytes(await bytesOf(store, id("verified"), { verify: { checksum, multihash } }), bytes);
      const wrong = { algo: "sha256", value: "00".repeat(32) };
      for (const verify of [{ checksum: "00".repeat(16) }, { multihash: wrong }]) {
        await assertRejects(() => bytesOf(store, id("verified"), { verify }), ChecksumMismatch);
      }
      await assertRejects(
        () => store.get(id("verified"), { verify: { checksum }, length: 3 }),
        Invalid,
      );
    },
  },
  {
    name: "a stream that is cancelled lets go of the image",
    needs: RW,
    async run({ store, id }) {
      await store.add(id("left"), pattern(9 * MIB));
      for (let i = 0; i < 50; i++) {
        const { stream } = await store.get(id("left"));
        const reader = stream.getReader();
        if (i % 2) await reader.read();
        await reader.cancel("enough");
      }
      await store.delete(id("left"));
      await assertRejects(() => store.get(id("left")), NotFound);
    },
  },
  {
    name: "a get that is aborted fails its stream with the signal's reason",
    needs: RW,
    async run({ store, id }) {
      await store.add(id("aborted"), pattern(9 * MIB));
      const controller = new AbortController();
      const reason = new Error("enough");
      const { stream } = await store.get(id("aborted"), { signal: controller.signal });
      const reader = stream.getReader();
      await reader.read();
      controller.abort(reason);
      assertStrictEquals(
        await assertRejects(async () => {
          while (!(await reader.read()).done);
        }),
        reason,
      );
      assertEquals((await bytesOf(store, id("aborted"))).length, 9 * MIB);
    },
  },
  {
    name: "readable opens the image when it is read",
    needs: RW,
    async run({ store, id }) {
      const bytes = pattern(5 * MIB);
      const untouched = store.readable(id("lazy"));
      const stream = store.readable(id("lazy"));
      await store.add(id("lazy"), bytes);
      assertBytes(new Uint8Array(await new Response(stream).arrayBuffer()), bytes);
      await untouched.cancel();
    },
  },
  {
    name: "open reads anywhere, several reads at once, and nothing past the end",
    needs: RW | RANDOM,
    async run({ store, id }) {
      const bytes = pattern(5 * MIB + 1);
      await store.add(id("random"), bytes);
      await using handle = await store.open(id("random"));
      assertEquals(handle.size, bytes.length);
      const positions = [0, 1, 4 * MIB - 7, 3 * MIB, 5 * MIB - 99, bytes.length - 1];
      await Promise.all(positions.map(async (position) => {
        const view = new Uint8Array(100);
        const count = await handle.read(view, position);
        assertEquals(count, Math.min(100, bytes.length - position));
        assertBytes(view.subarray(0, count), bytes.subarray(position, position + count));
      }));
      assertEquals(await handle.read(new Uint8Array(10), bytes.length), 0);
      assertEquals(await handle.read(new Uint8Array(10), bytes.length + 10), 0);
      assertEquals(await handle.read(new Uint8Array(), 5), 0);
      for (const position of [-1, 0.5, NaN]) {
        await assertRejects(() => handle.read(new Uint8Array(10), position), InvalidRange);
      }
      await handle.close();
      await assertRejects(() => store.open(id("nobody")), NotFound);
    },
  },
  {
    name: "a location URI names the image, and says the same again",
    needs: RW,
    async run({ store, id }) {
      const { location } = await store.add(id("named"), pattern(3));
      const parsed: StoreLocation = store.getStoreLocationClass().parse(location.uri());
      assertEquals(parsed.uri(), location.uri());
      assertEquals(store.imageIdOf(parsed), id("named"));
      assertEquals((await bytesOf(store, location.uri())).length, 3);
      assertEquals((await bytesOf(store, parsed)).length, 3);
      assertEquals((await store.locationOf(id("named"))).uri(), location.uri());
      await store.delete(location.uri());
      await assertRejects(() => store.get(location), NotFound);
    },
  },
  {
    name: "a malformed URI of the store's own scheme is BadStoreUri",
    async run({ store }) {
      for (const scheme of store.getSchemes()) {
        for (const rest of ["", "%zz/%zz", "a/b\0"]) {
          await assertRejects(() => store.get(`${scheme}://${rest}`), BadStoreUri);
        }
      }
    },
  },
  {
    name: "a location of another scheme is BadStoreUri",
    async run({ store }) {
      for (const uri of ["no-such-scheme://a/b", "://", "x://"]) {
        await assertRejects(() => store.get(uri), BadStoreUri);
        await assertRejects(() => store.delete(uri), BadStoreUri);
      }
    },
  },
];
