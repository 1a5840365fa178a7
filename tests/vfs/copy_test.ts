/**
 * Copies and moves: whole or not at all, and never without a copy.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  BitMasks,
  type ByteRange,
  type Bytes,
  ChecksumMismatch,
  type DriverStat,
  Duplicate,
  Forbidden,
  ImageChanged,
  type ImageReader,
  Invalid,
  NotFound,
  type OperationOptions,
  SizeMismatch,
  type Store,
  StoreDeleteNotSupported,
  Vfs,
} from "@vitrine/vitrine";
import { type MemoryLocation, MemoryStore } from "@vitrine/vitrine/memory";
import { replaceMethods } from "../store/replace_methods.ts";

/** A store with faults to be switched on. */
class Faulty extends MemoryStore {
  /** Changes what is read. */
  spoil: ((chunk: Bytes) => void) | undefined;
  /** Changes what is reported. */
  lie: ((stat: DriverStat) => DriverStat) | undefined;
  deleteFailure: Error | undefined;
  reads = 0;

  constructor(name: string) {
    super(name);
    replaceMethods(this.driver, (driver) => ({
      openRead: async (
        location: MemoryLocation,
        range: ByteRange,
        options: OperationOptions,
      ): Promise<ImageReader> => {
        this.reads++;
        const { spoil } = this;
        const reader = await driver.openRead(location, range, options);
        return {
          ...reader,
          read: async (view) => {
            const chunk = await reader.read(view);
            spoil?.(chunk);
            return chunk;
          },
        };
      },
      statImage: async (location: MemoryLocation): Promise<DriverStat> => {
        const stat = await driver.statImage(location, {});
        return this.lie?.(stat) ?? stat;
      },
      deleteImage: (location: MemoryLocation) => {
        if (this.deleteFailure) throw this.deleteFailure;
        return driver.deleteImage(location, {});
      },
    }));
  }
}

const DATA = crypto.getRandomValues(new Uint8Array(60_000));

async function faulty() {
  const a = new Faulty("a");
  const b = new Faulty("b");
  const vfs = new Vfs({ a, b }, { mounts: { "/again": "/a/dir" } });
  await vfs.writeFile("/a/dir/x", DATA);
  return { vfs, a, b };
}

async function ids(store: Store): Promise<string[]> {
  return (await Array.fromAsync(store.list({ recursive: true }), ({ path }) => path)).sort();
}

Deno.test("Vfs.copyFile: copies across stores with the digests", async () => {
  const { vfs, b } = await faulty();
  const seen: number[] = [];
  const verifier = { update: (chunk: Uint8Array) => void seen.push(chunk.length) };
  const { location, size } = await vfs.copyFile("/a/dir/x", "/b/y", { verifier });
  assertEquals([location.storeName, location.imageId, size], ["b", "y", DATA.length]);
  assertEquals(await vfs.readFile("/b/y"), DATA);
  assertEquals((await b.stat("y")).multihash, (await vfs.stat("/a/dir/x")).multihash);
  assertEquals(seen, [DATA.length]);
});

Deno.test("Vfs.copyFile: the backend copies inside a store; with verify the bytes are read", async () => {
  const { vfs, a } = await faulty();
  await vfs.copyFile("/a/dir/x", "/a/y");
  await vfs.copyFile("/again/x", "/a/z");
  assertEquals(a.reads, 0);
  await vfs.copyFile("/a/dir/x", "/a/w", { verify: true });
  assertEquals(a.reads, 1);
  assertEquals(await ids(a), ["dir/x", "w", "y", "z"]);
  assertEquals(await vfs.readFile("/a/w"), DATA);
});

Deno.test("Vfs.copyFile: bytes without the source's digests make no copy", async () => {
  const { vfs, a, b } = await faulty();
  a.spoil = (chunk) => void (chunk[100]! ^= 1);
  for (const operation of ["copyFile", "rename"] as const) {
    await assertRejects(
      () => vfs[operation]("/a/dir/x", "/b/y"),
      ChecksumMismatch,
      "/a/dir/x to /b/y",
    );
    assertEquals([await ids(a), await ids(b)], [["dir/x"], []]);
  }
  await vfs.copyFile("/a/dir/x", "/b/y", { verify: false });
  assertEquals(await ids(b), ["y"]);
});

Deno.test("Vfs.copyFile: without a digest, verify: true refuses and the default copies", async () => {
  const { vfs, a } = await faulty();
  a.lie = ({ size, etag }) => ({ size, etag });
  await assertRejects(() => vfs.copyFile("/a/dir/x", "/b/y", { verify: true }), Invalid, "digest");
  await vfs.copyFile("/a/dir/x", "/b/y");
  assertEquals(await vfs.readFile("/b/y"), DATA);
});

Deno.test("Vfs.copyFile: a source that is replaced while it is opened makes no copy", async () => {
  const { vfs, a, b } = await faulty();
  a.lie = (stat) => ({ ...stat, etag: '"before"' });
  await assertRejects(() => vfs.copyFile("/a/dir/x", "/b/y"), ImageChanged);
  assertEquals(await ids(b), []);
});

Deno.test("Vfs.copyFile: refuses a target that exists, and a copy onto itself", async () => {
  const { vfs } = await faulty();
  await vfs.writeTextFile("/b/y", "mine");
  await assertRejects(() => vfs.copyFile("/a/dir/x", "/b/y"), Duplicate);
  await assertRejects(() => vfs.rename("/a/dir/x", "/b/y"), Duplicate);
  await assertRejects(() => vfs.copyFile("/a/dir/x", "/again/x"), Duplicate, "itself");
  assertEquals(await vfs.readTextFile("/b/y"), "mine");
  await vfs.rename("/a/dir/x", "/again/x");
  assertEquals(await vfs.readFile("/a/dir/x"), DATA);
});

Deno.test("Vfs.copyFile: a missing source is NotFound with its path of the tree", async () => {
  const { vfs, b } = await faulty();
  for (const operation of ["copyFile", "rename"] as const) {
    for (const target of ["/b/y", "/a/y"]) {
      await assertRejects(() => vfs[operation]("/again/none", target), NotFound, "/again/none");
    }
  }
  assertEquals(await ids(b), []);
});

Deno.test("Vfs.rename: leaves the image in one place", async () => {
  const { vfs, a, b } = await faulty();
  await vfs.rename("/a/dir/x", "/a/y");
  assertEquals(await ids(a), ["y"]);
  await vfs.rename("/a/y", "/b/y");
  assertEquals([await ids(a), await ids(b)], [[], ["y"]]);
  assertEquals(await vfs.readFile("/b/y"), DATA);
});

Deno.test("Vfs.rename: removes a copy that the target's store shows shorter", async () => {
  const { vfs, a, b } = await faulty();
  b.lie = (stat) => ({ ...stat, size: 3 });
  await assertRejects(() => vfs.rename("/a/dir/x", "/b/y"), SizeMismatch, "the copy has 3 bytes");
  assertEquals([await ids(a), await ids(b)], [["dir/x"], []]);
});

Deno.test("Vfs.rename: keeps a source that changes meanwhile, and removes the copy", async () => {
  const { vfs, a, b } = await faulty();
  for (
    const change of [
      { etag: '"other"' },
      { size: 1 },
      { modified: new Date(0) },
    ]
  ) {
    let asked = 0;
    a.lie = (stat) => asked++ === 0 ? stat : { ...stat, ...change };
    await assertRejects(() => vfs.rename("/a/dir/x", "/b/y"), ImageChanged);
    assertEquals([await ids(a), await ids(b)], [["dir/x"], []]);
  }
});

Deno.test("Vfs.rename: refuses an image without size and digest before writing", async () => {
  const { vfs, a, b } = await faulty();
  a.lie = ({ etag }) => ({ etag });
  await assertRejects(() => vfs.rename("/a/dir/x", "/b/y"), Invalid, "no copy can be trusted");
  assertEquals([await ids(a), await ids(b)], [["dir/x"], []]);
});

Deno.test("Vfs.rename: copies nothing out of a store that cannot delete", async () => {
  const { vfs, a, b } = await faulty();
  a.unsetCapabilities(BitMasks.WRITE_ACCESS);
  await assertRejects(() => vfs.rename("/a/dir/x", "/b/y"), StoreDeleteNotSupported, "a: move /a/");
  assertEquals([a.reads, await ids(b)], [0, []]);
});

Deno.test("Vfs.rename: removes the copy again when the source may not be deleted", async () => {
  const { vfs, a, b } = await faulty();
  a.deleteFailure = new Forbidden("not yours");
  await assertRejects(() => vfs.rename("/a/dir/x", "/b/y"), Forbidden, "not yours");
  assertEquals([await ids(a), await ids(b)], [["dir/x"], []]);
});

Deno.test("Vfs.copyFile: an abort half way leaves no copy", async () => {
  const { vfs, a, b } = await faulty();
  const controller = new AbortController();
  a.spoil = () => controller.abort(new Error("stop"));
  for (const operation of ["copyFile", "rename"] as const) {
    await assertRejects(
      () => vfs[operation]("/a/dir/x", "/b/y", { signal: controller.signal }),
      Error,
      "stop",
    );
  }
  assertEquals([await ids(a), await ids(b)], [["dir/x"], []]);
});

Deno.test("Store.add: refuses data without the expected digests, of any algorithm", async () => {
  const store = new MemoryStore("s");
  const data = new TextEncoder().encode("hello");
  const sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
  const checksum = "5d41402abc4b2a76b9719d911017c592";
  const right = { algo: "sha256", value: sha256.toUpperCase() };
  const wrong = { algo: "sha256", value: "0".repeat(64) };
  for (
    const expected of [{ checksum: "0".repeat(32) }, { multihash: wrong }, {
      checksum,
      multihash: wrong,
    }]
  ) {
    for (const hashingAlgo of [undefined, "sha512"]) {
      await assertRejects(() => store.add("a", data, { expected, hashingAlgo }), ChecksumMismatch);
    }
  }
  assertEquals(await ids(store), []);
  const { multihash } = await store.add("a", data, { expected: { checksum, multihash: right } });
  assertEquals(multihash, { algo: "sha256", value: sha256 });
  const other = await store.add("b", data, { expected: { multihash: right }, hashingAlgo: "sha1" });
  assertEquals(other.multihash.algo, "sha1");
});

Deno.test("Vfs.copyFile: copies 256 MiB in bounded memory", async () => {
  const size = 256 << 20;
  /** A store that makes its bytes up and keeps none. */
  class Endless extends MemoryStore {
    constructor(name: string) {
      super(name);
      replaceMethods(this.driver, (driver) => ({
        openRead: (): Promise<ImageReader> => {
          let left = size;
          return Promise.resolve({
            size,
            total: size,
            read: (view) => {
              const chunk = view.subarray(0, left);
              left -= chunk.length;
              return Promise.resolve(chunk);
            },
            close: () => Promise.resolve(),
          });
        },
        statImage: (): Promise<DriverStat> => {
          return Promise.resolve({ size });
        },
        openWrite: async (imageId: string) => {
          return {
            location: await driver.locate(imageId, {}),
            write: () => Promise.resolve(),
            commit: () => Promise.resolve(),
            abort: () => Promise.resolve(),
          };
        },
      }));
    }
  }
  const vfs = new Vfs({ a: new Endless("a"), b: new Endless("b") });
  await vfs.copyFile("/a/warm", "/b/up");
  const before = Deno.memoryUsage().rss;
  let most = 0;
  const verifier = { update: () => void (most = Math.max(most, Deno.memoryUsage().rss)) };
  assertEquals((await vfs.copyFile("/a/x", "/b/y", { verifier })).size, size);
  assert(most - before < 64 << 20, `${(most - before) >> 20} MiB more`);
});
