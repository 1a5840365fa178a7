/**
 * One image into several stores: read and digested once, each store at its own pace.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Duplicate, Invalid, type Store, UnsupportedBackend, Vfs } from "@vitrine/vitrine";
import { importToStores } from "@vitrine/vitrine/import";
import { MemoryStore } from "@vitrine/vitrine/memory";
import { Workplace } from "../cli/harness.ts";
import { replaceMethods } from "../store/replace_methods.ts";
import { pipe } from "./pipe.ts";

const CHUNK = 4_194_304;

/** A memory store whose writes wait for a gate. */
class GatedStore extends MemoryStore {
  /** Opened when writes may go on. */
  readonly gate = Promise.withResolvers<void>();

  constructor(name: string) {
    super(name);
    replaceMethods(this.driver, (original) => ({
      openWrite: async (imageId, options) => {
        const writer = await original.openWrite(imageId, options);
        const write = writer.write.bind(writer);
        writer.write = async (chunk, md5s) => {
          await this.gate.promise;
          return await write(chunk, md5s);
        };
        return writer;
      },
    }));
  }
}

/** A source of so many chunks, which counts those that were read. */
function source(chunks: number) {
  const state = { read: 0, closed: 0 };
  const reader = {
    read(view: Uint8Array<ArrayBuffer>) {
      if (state.read === chunks) return Promise.resolve(view.subarray(0, 0));
      view.fill(++state.read);
      return Promise.resolve(view);
    },
    close() {
      state.closed++;
      return Promise.resolve();
    },
  };
  return { state, reader };
}

const files = (vfs: Vfs) =>
  Array.fromAsync(vfs.walk("/", { includeDirs: false }), ({ path }) => path);

Deno.test("importToStores: all stores get the same image, with the same digests", async () => {
  const stores = Object.fromEntries(["a", "b", "c"].map((name) => [name, new MemoryStore(name)]));
  await using vfs = new Vfs(stores);
  for (const data of [new Uint8Array(), new Uint8Array(99), new Uint8Array(3 * CHUNK + 1)]) {
    data.fill(7);
    const id = `${data.length}.raw`;
    const packed = await pipe(data, "gzip", "-c");
    const { stores, arrived, unpacked } = await importToStores(vfs, packed, ["a", "b", "c"], {
      id,
      unpack: "gzip",
    });
    const single = await vfs.writeFile(`/a/single-${id}`, data);
    for (const { store, added } of stores) {
      assertEquals(await vfs.readFile(`/${store}/${id}`), data);
      assertEquals([added!.checksum, added!.multihash], [single.checksum, single.multihash]);
    }
    assertEquals([stores.length, arrived.size, unpacked], [3, packed.length, "gzip"]);
  }
});

Deno.test("importToStores: a store that fails does so alone, or all have nothing", async () => {
  await using vfs = new Vfs({ a: new MemoryStore("a"), b: new MemoryStore("b") });
  await vfs.writeTextFile("/a/x", "here before");
  const data = new Uint8Array(2 * CHUNK);
  const { stores } = await importToStores(vfs, data, ["a", "b"], { id: "x" });
  assert(stores[0]!.error instanceof Duplicate);
  assertEquals(stores[1]!.added?.size, data.length);
  await vfs.remove("/b/x");
  const all = { id: "x", allOrNothing: true };
  await assertRejects(() => importToStores(vfs, data, ["a", "b"], all), Duplicate);
  assertEquals(await files(vfs), ["/a/x"]);
  assertEquals(await vfs.readTextFile("/a/x"), "here before");
});

Deno.test("importToStores: a wrong digest, a bad name or a corrupt source leaves nothing", async () => {
  await using vfs = new Vfs({ a: new MemoryStore("a"), b: new MemoryStore("b") });
  const into = (stores: string[], options = {}) => {
    return importToStores(vfs, new Uint8Array(CHUNK + 1), stores, { id: "x", ...options });
  };
  const published = { sha256: "0".repeat(64) };
  await assertRejects(() => into(["a", "b"], { published }), Error, "sha256 of what arrived");
  await assertRejects(() => into(["a", "b"], { unpack: "xz" }), Invalid, "xz");
  await assertRejects(() => into(["a", "nowhere"]), UnsupportedBackend);
  await assertRejects(() => into(["a", "a"]), Invalid, "each once");
  assertEquals(await files(vfs), []);
});

Deno.test("importToStores: the source waits for a slow store, and goes on without one that takes nothing", async () => {
  const stuck = new GatedStore("stuck");
  await using vfs = new Vfs({ a: new MemoryStore("a"), stuck } as Record<string, Store>);
  const { state, reader } = source(20);
  // The write ends once the others are through; `add` waits for it before it removes what it wrote.
  const verifier = { update: () => void (state.read === 20 && stuck.gate.resolve()) };
  const options = { id: "x", lag: 2 * CHUNK, idleTimeout: 50, verifier };
  const { stores } = await importToStores(vfs, reader, ["a", "stuck"], options);
  assertEquals(stores[0]!.added?.size, 20 * CHUNK);
  assertEquals(stores[1]!.error?.name, "TimeoutError");
  assertEquals(state.closed, 1);
  assertEquals(await files(vfs), ["/a/x"]);
});

Deno.test("importToStores: without an idle timeout a store that takes nothing is not given up", async () => {
  const stuck = new GatedStore("stuck");
  await using vfs = new Vfs({ a: new MemoryStore("a"), stuck } as Record<string, Store>);
  const { state, reader } = source(20);
  // A timer that overflows ends before this one.
  const open = () => setTimeout(() => stuck.gate.resolve(), 300);
  const verifier = { update: () => void (state.read === 2 && open()) };
  const options = { id: "x", lag: 2 * CHUNK, idleTimeout: Infinity, verifier };
  const { stores } = await importToStores(vfs, reader, ["a", "stuck"], options);
  assertEquals(stores.map(({ added }) => added?.size), [20 * CHUNK, 20 * CHUNK]);
});

Deno.test("vitrine add --store a,b: says what became of each store", async () => {
  await using work = await Workplace.make();
  await Deno.writeTextFile(work.path("x.raw"), "hello");
  const both = await work.run("add", "x.raw", "--store", "local,mirror", "--json");
  assertEquals([both.code, both.err], [0, ""]);
  const { stores, arrived } = JSON.parse(both.out);
  assertEquals([stores.length, stores[1].store, stores[1].ok, arrived.size], [
    2,
    "mirror",
    true,
    5,
  ]);
  assertEquals((await work.run("rm", "/mirror/x.raw")).code, 0);
  const one = await work.run("add", "x.raw", "--store", "local", "--store", "mirror", "--json");
  assertEquals([one.code, one.err.trimEnd().split("\n").length], [1, 1], one.err);
  assertEquals(JSON.parse(one.out).stores.map(({ ok }: { ok: boolean }) => ok), [false, true]);
  assertEquals((await work.run("rm", "/mirror/x.raw")).code, 0);
  const none = await work.run("add", "x.raw", "--store", "local,mirror", "--all-or-nothing");
  assertEquals([none.code, none.out], [1, ""]);
  assertEquals((await work.files()).filter((path) => path.includes("mirror")), []);
});
