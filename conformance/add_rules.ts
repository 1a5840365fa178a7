/**
 * What holds for `add`, `writable` and `delete`.
 *
 * @module
 */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertNotEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import {
  Duplicate,
  type ImageData,
  InvalidImageId,
  NotFound,
  openSource,
  SizeMismatch,
  StoreAddDisabled,
  StoreDeleteNotSupported,
  UnknownHashingAlgo,
} from "../mod.ts";
import { assertBytes, bytesOf, failing, listed, MIB, pattern, streamOf } from "./data.ts";
import { LIST, type Rule, type RuleContext, RW } from "./suite.ts";

/**
 * Asserts that an image cannot be read and is not listed.
 *
 * @param context The store, and which part of it belongs to the rule.
 * @param id The id of the image.
 */
export async function assertAbsent(context: RuleContext, id: string): Promise<void> {
  const { store } = context;
  await assertRejects(() => store.get(id), NotFound);
  await assertRejects(() => store.stat(id), NotFound);
  if (store.isCapable(LIST)) {
    assert(!(await listed(context)).some(({ path }) => path === id), "list shows the image");
  }
}

async function sha512(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-512", bytes)).toHex();
}

/** The rules. */
export const addRules: readonly Rule[] = [
  {
    name: "add returns size, md5, multihash and location, and get gives the bytes back",
    needs: RW,
    async run({ store, id }) {
      const bytes = pattern(5 * MIB + 7);
      const result = await store.add(id("a.img"), bytes);
      assertEquals(result.size, bytes.length);
      assertEquals(result.multihash, { algo: "sha512", value: await sha512(bytes) });
      assertEquals(result.location.storeName, store.name);
      assertEquals(result.metadata["store"], store.name);
      assertBytes(await bytesOf(store, result.location), bytes);
      assertBytes(await bytesOf(store, id("a.img")), bytes);
      const abc = await store.add(id("abc"), new Blob(["abc"]), { hashingAlgo: "sha256" });
      assertEquals(abc.checksum, "900150983cd24fb0d6963f7d28e17f72");
      assertEquals(abc.multihash, {
        algo: "sha256",
        value: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      });
    },
  },
  {
    name: "every kind of data is taken, its size known or not",
    needs: RW,
    async run({ store, id }) {
      const bytes = pattern(MIB + 1);
      const kinds: Record<string, () => ImageData> = {
        bytes: () => bytes,
        buffer: () => bytes.buffer,
        blob: () => new Blob([bytes]),
        stream: () => streamOf(bytes),
        bytestream: () => new Blob([bytes]).stream(),
        response: () => new Response(bytes),
        reader: () => openSource(bytes).reader,
        "async-iterable": async function* () {
          for (let at = 0; at < bytes.length; at += 99_999) yield bytes.slice(at, at + 99_999);
        }.bind(undefined) as () => ImageData,
        iterable: () => [bytes.subarray(0, 10), bytes.subarray(10)],
      };
      for (const [kind, make] of Object.entries(kinds)) {
        for (const size of [undefined, bytes.length]) {
          const name = id(`${kind}-${size ?? "unknown"}`);
          assertEquals((await store.add(name, make(), { size })).size, bytes.length, kind);
          assertBytes(await bytesOf(store, name), bytes);
        }
      }
    },
  },
  {
    name: "an empty image is an image",
    needs: RW,
    async run({ store, id }) {
      for (const size of [undefined, 0]) {
        const name = id(`empty-${size}`);
        const { checksum } = await store.add(name, streamOf(new Uint8Array()), { size });
        assertEquals(checksum, "d41d8cd98f00b204e9800998ecf8427e");
        assertEquals((await bytesOf(store, name)).length, 0);
        assertEquals(await store.getSize(name), 0);
      }
    },
  },
  {
    name: "the second add of an id is Duplicate, and the first stays whole",
    needs: RW,
    async run({ store, id }) {
      const bytes = pattern(MIB);
      await store.add(id("once"), bytes);
      await assertRejects(() => store.add(id("once"), pattern(MIB, 2)), Duplicate);
      await assertRejects(() => store.add(id("once"), streamOf(pattern(MIB, 3))), Duplicate);
      assertBytes(await bytesOf(store, id("once")), bytes);
    },
  },
  {
    name: "of two adds of one id at once, one wins and the other is Duplicate",
    needs: RW,
    async run({ store, id }) {
      const contenders = [pattern(5 * MIB, 1), pattern(5 * MIB, 2), pattern(5 * MIB, 3)];
      const results = await Promise.allSettled(
        contenders.map((bytes) => store.add(id("race"), streamOf(bytes))),
      );
      const winners = contenders.filter((_, i) => results[i]!.status === "fulfilled");
      assertEquals(winners.length, 1, "number of winners");
      for (const result of results) {
        if (result.status === "rejected") assertInstanceOf(result.reason, Duplicate);
      }
      assertBytes(await bytesOf(store, id("race")), winners[0]!);
    },
  },
  {
    name: "a size that lies is SizeMismatch, short or long, and leaves nothing",
    needs: RW,
    async run(context) {
      const { store, id } = context;
      for (const length of [0, 3, 4 * MIB, 9 * MIB]) {
        for (const lie of [1, -1, 5 * MIB]) {
          if (length + lie < 0) continue;
          const name = id(`lie-${length}-${lie}`);
          await assertRejects(
            () => store.add(name, streamOf(pattern(length)), { size: length + lie }),
            SizeMismatch,
          );
          await assertAbsent(context, name);
        }
      }
    },
  },
  {
    name: "a source that fails half way leaves nothing, and the id can be added after",
    needs: RW,
    async run(context) {
      const { store, id } = context;
      for (const length of [0, MIB, 9 * MIB]) {
        const name = id(`fails-${length}`);
        const failure = new Error("the source broke");
        const error = await assertRejects(
          () => store.add(name, failing(pattern(length), failure), { size: 12 * MIB }),
        ) as Error;
        assert(error === failure || error.cause === failure, `it says why: ${error}`);
        await assertAbsent(context, name);
        await store.add(name, pattern(3));
        assertEquals(await store.getSize(name), 3);
      }
    },
  },
  {
    name: "an add that is aborted throws the signal's reason and leaves nothing",
    needs: RW,
    async run(context) {
      const { store, id } = context;
      for (const before of [0, 1, 3]) {
        const name = id(`aborted-${before}`);
        const controller = new AbortController();
        const reason = new DOMException("enough", "AbortError");
        let given = 0;
        let cancelled = false;
        const endless = new ReadableStream<Uint8Array>({
          pull(stream) {
            if (given++ === before) return controller.abort(reason);
            stream.enqueue(pattern(4 * MIB, given));
          },
          cancel() {
            cancelled = true;
          },
        }, { highWaterMark: 0 });
        const error = await assertRejects(() =>
          store.add(name, endless, { signal: controller.signal })
        );
        assertStrictEquals(error, reason);
        assert(cancelled, "the source is released");
        await assertAbsent(context, name);
      }
    },
  },
  {
    name: "an add from a source that says nothing any more can be aborted",
    needs: RW,
    async run(context) {
      const { store, id } = context;
      const controller = new AbortController();
      const silent = async function* () {
        yield pattern(100);
        setTimeout(() => controller.abort());
        await new Promise(() => {});
      };
      const name = id("silent");
      await assertRejects(
        () => store.add(name, silent(), { signal: controller.signal }),
        DOMException,
        controller.signal.reason?.message,
      );
      await assertAbsent(context, name);
    },
  },
  {
    name: "an operation whose signal has aborted does not begin",
    needs: RW,
    async run(context) {
      const { store, id } = context;
      await store.add(id("there"), pattern(3));
      const reason = new Error("before it began");
      const signal = AbortSignal.abort(reason);
      const calls = [
        () => store.add(id("not"), pattern(3), { signal }),
        () => store.get(id("there"), { signal }),
        () => store.stat(id("there"), { signal }),
        () => store.delete(id("there"), { signal }),
      ];
      for (const call of calls) assertStrictEquals(await assertRejects(call), reason);
      assertEquals(await store.getSize(id("there")), 3);
      await assertAbsent(context, id("not"));
    },
  },
  {
    name: "an image that is being written cannot be seen",
    needs: RW,
    async run(context) {
      const { store, id } = context;
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      const adding = store.add(id("slow"), readable);
      const writer = writable.getWriter();
      const bytes = pattern(9 * MIB);
      await writer.write(bytes.subarray(0, 5 * MIB));
      await assertAbsent(context, id("slow"));
      await writer.write(bytes.subarray(5 * MIB));
      await writer.close();
      await adding;
      assertBytes(await bytesOf(store, id("slow")), bytes);
    },
  },
  {
    name: "a verifier sees every byte in order, and its error ends the add",
    needs: RW,
    async run(context) {
      const { store, id } = context;
      const bytes = pattern(9 * MIB + 5);
      const seen: Uint8Array[] = [];
      await store.add(id("seen"), streamOf(bytes), {
        verifier: { update: (chunk) => seen.push(chunk.slice()) },
      });
      assertBytes(new Uint8Array(await new Blob(seen as BlobPart[]).arrayBuffer()), bytes);
      await assertRejects(() =>
        store.add(id("refused"), streamOf(bytes), {
          verifier: { update: () => Promise.reject(new Error("a bad signature")) },
        })
      );
      await assertAbsent(context, id("refused"));
    },
  },
  {
    name: "an unknown digest algorithm is UnknownHashingAlgo, before anything is written",
    needs: RW,
    async run(context) {
      const { store, id } = context;
      await assertRejects(
        () => store.add(id("md6"), pattern(3), { hashingAlgo: "md6" }),
        UnknownHashingAlgo,
      );
      await assertAbsent(context, id("md6"));
    },
  },
  {
    name: "writable adds when it is closed, and nothing when it is aborted",
    needs: RW,
    async run(context) {
      const { store, id } = context;
      const bytes = pattern(5 * MIB);
      const writable = store.writable(id("piped"));
      await streamOf(bytes).pipeTo(writable);
      assertEquals((await writable.result).size, bytes.length);
      assertBytes(await bytesOf(store, id("piped")), bytes);
      const refilled = store.writable(id("refilled")).getWriter();
      const piece = new Uint8Array(3 * MIB);
      const long = pattern(11 * MIB);
      for (let at = 0; at < long.length; at += piece.length) {
        piece.set(long.subarray(at, at + piece.length));
        // The piece is this writer's own again.
        await refilled.write(piece.subarray(0, long.length - at));
      }
      await refilled.close();
      assertBytes(await bytesOf(store, id("refilled")), long);
      const writer = store.writable(id("dropped")).getWriter();
      await writer.write(pattern(MIB));
      await writer.abort(new Error("changed my mind"));
      await assertAbsent(context, id("dropped"));
      const lying = store.writable(id("short"), { size: 10 }).getWriter();
      await lying.write(pattern(3));
      await assertRejects(() => lying.close(), SizeMismatch);
      await assertAbsent(context, id("short"));
    },
  },
  {
    name: "delete removes the image and nothing else",
    needs: RW,
    async run(context) {
      const { store, id } = context;
      await store.add(id("one"), pattern(9 * MIB));
      await store.add(id("one2"), pattern(3));
      await store.delete(id("one"));
      await assertAbsent(context, id("one"));
      await assertRejects(() => store.delete(id("one")), NotFound);
      assertEquals(await store.getSize(id("one2")), 3);
      await store.add(id("one"), pattern(2));
      assertEquals(await store.getSize(id("one")), 2);
    },
  },
  {
    name: "deleteMany removes images, passing over those that are missing",
    needs: RW,
    async run(context) {
      const { store, id } = context;
      for (const name of ["one", "two", "three"]) await store.add(id(name), pattern(10));
      const { location } = await store.add(id("four"), pattern(10));
      const images = [id("one"), id("none"), id("two"), location];
      const results = await store.deleteMany(images);
      assertEquals(results.map(({ image }) => image), images);
      for (const { image, status } of results) {
        const expected = image === id("none") ? "missing" : "deleted";
        assert(status === "gone" || status === expected, `${image}: ${status}`);
      }
      for (const name of ["one", "two", "four"]) await assertAbsent(context, id(name));
      assertEquals(await store.getSize(id("three")), 10);
      assertEquals(await store.deleteMany([]), []);
    },
  },
  {
    name: "an id with an empty, . or .. segment, NUL or a backslash is refused by every operation",
    async run({ store }) {
      const ids = [
        "",
        "/",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        "../a",
        "a/../b",
        "a/./b",
        "a\0b",
        "a\\b",
      ];
      for (const id of ids) {
        await assertRejects(() => store.add(id, pattern(1)), InvalidImageId, undefined, id);
        await assertRejects(() => store.get(id), InvalidImageId, undefined, id);
        await assertRejects(() => store.stat(id), InvalidImageId, undefined, id);
        await assertRejects(() => store.delete(id), InvalidImageId, undefined, id);
      }
    },
  },
  {
    name: "sixteen adds and gets at once do not disturb each other",
    needs: RW,
    async run({ store, id }) {
      await Promise.all(Array.from({ length: 16 }, async (_, i) => {
        const bytes = pattern(MIB + i * 1000, i + 1);
        await store.add(id(`many-${i}`), streamOf(bytes));
        assertBytes(await bytesOf(store, id(`many-${i}`)), bytes);
      }));
    },
  },
  {
    name: "an error is one line that names the store, the operation and the path",
    needs: RW,
    async run({ store, id }) {
      const error = await assertRejects(() => store.delete(id("nobody")), NotFound);
      for (const part of [store.name, "delete", id("nobody")]) {
        assert(error.message.includes(part), `"${error.message}" names ${part}`);
      }
      assertNotEquals(error.message, "");
      assert(!error.message.includes("\n"));
    },
  },
  {
    name: "a store that cannot write says StoreAddDisabled and StoreDeleteNotSupported",
    async run({ store, id }) {
      if (store.isCapable(RW)) return;
      await assertRejects(() => store.add(id("no"), pattern(1)), StoreAddDisabled);
      await assertRejects(() => store.delete(id("no")), StoreDeleteNotSupported);
    },
  },
];
