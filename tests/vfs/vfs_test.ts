/**
 * The path tree: what Deno users know, over stores.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  BadStoreConfiguration,
  Duplicate,
  Invalid,
  NotFound,
  openStores,
  SeekMode,
  StoreListNotSupported,
  Vfs,
} from "@vitrine/vitrine";
import { MemoryStore } from "@vitrine/vitrine/memory";

/** A tree of two stores with a few images and two mounts. */
async function tree() {
  const local = new MemoryStore("local");
  const mirror = new MemoryStore("mirror");
  const vfs = new Vfs({ local, mirror }, {
    mounts: { "/images/debian": "/mirror/debian", "/local/deep/down/mirror": "/mirror" },
  });
  await vfs.writeTextFile("/local/a.txt", "hello");
  await vfs.writeTextFile("/local/iso/b.iso", "bb");
  await vfs.writeTextFile("/images/debian/12/c.qcow2", "ccc");
  return { vfs, local, mirror };
}

async function names(vfs: Vfs, path: string): Promise<string[]> {
  const names = [];
  for await (const { name, isDirectory } of vfs.readDir(path)) {
    names.push(isDirectory ? `${name}/` : name);
  }
  return names.sort();
}

Deno.test("Vfs.readDir: yields images, directories and mounts", async () => {
  const { vfs } = await tree();
  assertEquals(await names(vfs, "/"), ["images/", "local/", "mirror/"]);
  assertEquals(await names(vfs, "/images"), ["debian/"]);
  assertEquals(await names(vfs, "/images/debian/"), ["12/"]);
  assertEquals(await names(vfs, "/local"), ["a.txt", "deep/", "iso/"]);
  assertEquals(await names(vfs, "/local/deep"), ["down/"]);
  assertEquals(await names(vfs, "/local/deep/down/mirror"), ["debian/"]);
  assertEquals(await names(vfs, "/mirror/debian/12"), ["c.qcow2"]);
});

Deno.test("Vfs.readDir: a mount hides what its directory has there, once", async () => {
  const { vfs, local } = await tree();
  await local.add("deep/down/mirror/hidden", new Uint8Array());
  await local.add("deep/seen", new Uint8Array());
  assertEquals(await names(vfs, "/local/deep"), ["down/", "seen"]);
  assertEquals(await names(vfs, "/local/deep/down"), ["mirror/"]);
  assertEquals(await names(vfs, "/local/deep/down/mirror"), ["debian/"]);
  await assertRejects(() => vfs.stat("/local/deep/down/mirror/hidden"), NotFound);
});

Deno.test("Vfs: a store can be mounted at the root", async () => {
  const site = new MemoryStore("site");
  const vfs = new Vfs({ site }, { mounts: { "/": "/site" } });
  await vfs.writeTextFile("/index.html", "hi");
  assertEquals(await names(vfs, "/"), ["index.html", "site/"]);
  assertEquals(await vfs.readTextFile("/site/index.html"), "hi");
});

Deno.test("Vfs.stat: distinguishes images from directories", async () => {
  const { vfs } = await tree();
  const info = await vfs.stat("/images/debian/12/c.qcow2");
  assertEquals([info.isFile, info.isDirectory, info.isSymlink, info.size], [true, false, false, 3]);
  assertEquals(info.checksum, "9df62e693988eb4e1e1444ece0578579");
  assertEquals(info.etag, `"${info.checksum}"`);
  assertEquals(info.multihash?.algo, "sha512");
  assert(info.mtime instanceof Date);
  assertEquals(info.location?.uri(), "memory://mirror/debian/12/c.qcow2");
  for (
    const path of ["/", "/local", "/local/", "/images", "/local/iso", "/local/iso/", "/local/deep"]
  ) {
    const { isFile, isDirectory } = await vfs.stat(path);
    assertEquals([isFile, isDirectory], [false, true], path);
  }
});

Deno.test("Vfs: what is missing is NotFound, in one line with the path of the tree", async () => {
  const { vfs } = await tree();
  for (
    const [path, said] of [
      ["/images/debian/none", "mirror: stat /images/debian/none: no such image"],
      ["/local/a.txt/", "stat /local/a.txt/: no such directory"],
      ["/nowhere/x", "/nowhere/x: nothing is mounted there; the stores are: local, mirror"],
      ["/images/x", "/images/x: nothing is mounted there; the stores are: local, mirror"],
    ] as const
  ) {
    assertEquals((await assertRejects(() => vfs.stat(path), NotFound)).message, said);
    assertEquals(await vfs.exists(path), false);
  }
  for (const path of ["/local/none", "/local/a.txt", "/nowhere"]) {
    const error = await assertRejects(() => names(vfs, path), NotFound);
    assert(error.message.includes(path), error.message);
  }
  assertEquals(await vfs.exists("/local/a.txt"), true);
});

Deno.test("Vfs: a directory is no image", async () => {
  const { vfs } = await tree();
  for (const path of ["/", "/local", "/images", "/images/debian", "/local/iso/"]) {
    await assertRejects(() => vfs.readFile(path), Invalid, "directory");
    await assertRejects(() => vfs.writeTextFile(path, "x"), Invalid, "directory");
    await assertRejects(() => vfs.locate(path), Invalid, "directory");
    assertThrows(() => vfs.readable(path), Invalid, "directory");
  }
});

Deno.test("Vfs: reads whole, a range, text, a stream", async () => {
  const { vfs } = await tree();
  assertEquals(await vfs.readFile("/local/a.txt"), new TextEncoder().encode("hello"));
  assertEquals(await vfs.readTextFile("/local/a.txt", { offset: 1, length: 3 }), "ell");
  assertEquals(await new Response(vfs.readable("/local/a.txt")).text(), "hello");
  const { size, total, stream } = await vfs.get("/local/a.txt", { offset: 3 });
  assertEquals([size, total, await new Response(stream).text()], [2, 5, "lo"]);
});

Deno.test("VfsFile: reads, seeks and streams", async () => {
  const { vfs } = await tree();
  await using file = await vfs.open("/local/a.txt");
  assertEquals([file.size, (await file.stat()).size], [5, 5]);
  const buffer = new Uint8Array(3);
  assertEquals(await file.read(buffer), 3);
  assertEquals(new TextDecoder().decode(buffer), "hel");
  assertEquals(await new Response(file.readable).text(), "lo");
  assertEquals(await file.read(buffer), 2);
  assertEquals(await file.read(buffer), null);
  assertEquals(await file.seek(1, SeekMode.Start), 1);
  assertEquals(await file.seek(1n, SeekMode.Current), 2);
  assertEquals(await file.read(new Uint8Array(1)), 1);
  assertEquals(await file.seek(-1, SeekMode.End), 4);
  assertEquals(await file.seek(100, SeekMode.Start), 100);
  assertEquals(await file.read(buffer), null);
  assertEquals(await file.read(new Uint8Array()), 0);
  await assertRejects(() => file.seek(-1, SeekMode.Start), Invalid, "byte -1");
  await assertRejects(() => vfs.open("/local/none"), NotFound, "/local/none");
});

Deno.test("Vfs.writeFile: never replaces an image", async () => {
  const { vfs } = await tree();
  const error = await assertRejects(() => vfs.writeTextFile("/local/a.txt", "x"), Duplicate);
  assertEquals(error.message, "local: add /local/a.txt: the image exists already");
  assertEquals(await vfs.readTextFile("/local/a.txt"), "hello");
  const writable = vfs.writable("/local/new");
  await new Blob(["new"]).stream().pipeTo(writable);
  assertEquals((await writable.result).size, 3);
  const { checksum } = await vfs.writeFile("/local/more", new Blob(["new"]), { size: 3 });
  assertEquals(checksum, "22af645d1859cb5ca6da0c484f1f37ea");
});

Deno.test("Vfs.writable: errors name the path of the tree", async () => {
  const { vfs } = await tree();
  const writable = vfs.writable("/images/debian/12/c.qcow2");
  const error = await assertRejects(
    () => new Blob(["new"]).stream().pipeTo(writable),
    Duplicate,
  );
  assert(error.message.startsWith("mirror: add /images/debian/12/c.qcow2: "), error.message);
  assertThrows(() => vfs.writable("/images"), Invalid, "directory");
});

Deno.test("Vfs.writeFile: cancels the data for a path that is refused", async () => {
  const { vfs } = await tree();
  let reason: unknown;
  const stream = new ReadableStream<Uint8Array>({ cancel: (given) => void (reason = given) });
  const error = await assertRejects(() => vfs.writeFile("/nowhere/x", stream), NotFound);
  assertEquals(reason, error);
});

Deno.test("Vfs.remove: removes images, and directories only with recursive", async () => {
  const { vfs, local } = await tree();
  await local.add("iso/sub/d.iso", new Uint8Array());
  await vfs.remove("/local/a.txt");
  assertEquals(await vfs.exists("/local/a.txt"), false);
  await assertRejects(() => vfs.remove("/local/iso"), Invalid, "recursive");
  await assertRejects(() => vfs.remove("/local/none", { recursive: true }), NotFound);
  await vfs.remove("/local/iso", { recursive: true });
  assertEquals(await Array.fromAsync(local.list({ recursive: true })), []);
});

Deno.test("Vfs.getAcls, setAcls: read and replace ACLs by path", async () => {
  const { vfs } = await tree();
  await vfs.setAcls("/images/debian/12/c.qcow2", { readTenants: ["bob"] });
  const granted = { public: false, readTenants: ["bob"], writeTenants: [] };
  assertEquals(await vfs.getAcls("/mirror/debian/12/c.qcow2"), granted);
  const error = await assertRejects(() => vfs.getAcls("/images/debian/none"), NotFound);
  assertEquals(error.path, "/images/debian/none");
});

Deno.test("Vfs.remove: refuses stores, mount points and what holds some", async () => {
  const { vfs, local } = await tree();
  await local.add("deep/a", new Uint8Array());
  for (
    const path of ["/", "/local", "/images", "/images/debian", "/local/deep", "/local/deep/down"]
  ) {
    await assertRejects(() => vfs.remove(path, { recursive: true }), Invalid, "cannot be removed");
  }
  assertEquals(await vfs.exists("/local/deep/a"), true);
  assertEquals(await vfs.exists("/mirror/debian/12/c.qcow2"), true);
});

Deno.test("Vfs.mkdir: creates nothing, and refuses where no directory can be", async () => {
  const { vfs, local } = await tree();
  for (const path of ["/local/new/dir/", "/local/iso", "/local", "/images"]) await vfs.mkdir(path);
  assertEquals((await Array.fromAsync(local.list())).length, 2);
  await assertRejects(() => vfs.mkdir("/local/a.txt"), Duplicate, "/local/a.txt");
  await assertRejects(() => vfs.mkdir("/nowhere/x"), NotFound, "/nowhere/x");
});

Deno.test("Vfs.walk: yields the path and everything below, across mounts, to a depth", async () => {
  const { vfs } = await tree();
  const paths = async (path: string, options = {}) =>
    (await Array.fromAsync(vfs.walk(path, options), ({ path }) => path)).sort();
  assertEquals(await paths("/images"), [
    "/images",
    "/images/debian",
    "/images/debian/12",
    "/images/debian/12/c.qcow2",
  ]);
  assertEquals(await paths("/", { includeDirs: false }), [
    "/images/debian/12/c.qcow2",
    "/local/a.txt",
    "/local/deep/down/mirror/debian/12/c.qcow2",
    "/local/iso/b.iso",
    "/mirror/debian/12/c.qcow2",
  ]);
  assertEquals(await paths("/local/", { maxDepth: 0 }), ["/local"]);
  assertEquals(await paths("/local/", { maxDepth: 0, includeDirs: false }), []);
  assertEquals(await paths("/local/a.txt", { maxDepth: 0 }), ["/local/a.txt"]);
  assertEquals(await paths("/local/", { maxDepth: 1 }), [
    "/local",
    "/local/a.txt",
    "/local/deep",
    "/local/iso",
  ]);
  await assertRejects(() => paths("/local/none"), NotFound);
});

Deno.test("Vfs.glob: yields what a pattern matches", async () => {
  const { vfs } = await tree();
  await vfs.writeTextFile("/local/iso/.hidden.iso", "");
  await vfs.writeTextFile("/local/iso/x[1].txt", "");
  const matches = async (pattern: string, options = {}) =>
    (await Array.fromAsync(vfs.glob(pattern, options), ({ path }) => path)).sort();
  for (
    const [pattern, expected] of [
      ["/local/*", ["/local/a.txt", "/local/deep", "/local/iso"]],
      ["/local/**/*.iso", ["/local/iso/.hidden.iso", "/local/iso/b.iso"]],
      ["/*/*.txt", ["/local/a.txt"]],
      ["/images/**/*.{iso,qcow2}", ["/images/debian/12/c.qcow2"]],
      ["/{local/iso,images/debian/*}/*.{iso,qcow2}", [
        "/images/debian/12/c.qcow2",
        "/local/iso/.hidden.iso",
        "/local/iso/b.iso",
      ]],
      ["/local/iso/?.iso", ["/local/iso/b.iso"]],
      ["/local/[ab].txt", ["/local/a.txt"]],
      ["/local/a.txt", ["/local/a.txt"]],
      ["/local/none", []],
      ["/none/*", []],
      ["/local/iso/*[[]1[]].txt", ["/local/iso/x[1].txt"]],
      ["/local/iso/x\\[1\\].txt", ["/local/iso/x[1].txt"]],
      ["/local/iso/x\\[?\\].txt", ["/local/iso/x[1].txt"]],
      ["/local/[!b].txt", ["/local/a.txt"]],
      ["/local/[!a].txt", []],
      ["/local/{a,b,a}.txt", ["/local/a.txt"]],
      ["/local/[[:alpha:]].txt", ["/local/a.txt"]],
      ["/local/@(a|b).txt", ["/local/a.txt"]],
      ["/local/i*/", ["/local/iso"]],
      ["/local/iso/**", ["/local/iso/.hidden.iso", "/local/iso/b.iso", "/local/iso/x[1].txt"]],
      ["/**/b.iso", ["/local/iso/b.iso"]],
      ["/", ["/"]],
    ] as const
  ) assertEquals(await matches(pattern), [...expected], pattern);
  assertEquals(await matches("/local/*", { includeDirs: false }), ["/local/a.txt"]);
  assertEquals(await matches("/local/iso", { includeDirs: false }), []);
  await assertRejects(() => matches("*.txt"), Invalid, 'does not start with "/"');
  await assertRejects(() => matches("/local/../*"), Invalid);
});

Deno.test("Vfs.glob: lists only directories that can hold a match", async () => {
  const asked: string[] = [];
  class Watched extends MemoryStore {
    override list(options: { directory?: string } = {}) {
      asked.push(options.directory ?? "");
      return super.list(options);
    }
  }
  const vfs = new Vfs({ s: new Watched("s") });
  await vfs.writeTextFile("/s/a/b/c/d.txt", "");
  const list = async (pattern: string) => {
    asked.length = 0;
    await Array.fromAsync(vfs.glob(pattern));
    return asked;
  };
  assertEquals(await list("/s/*/*"), ["", "a"]);
  assertEquals(await list("/s/a/b/*/*.txt"), ["a/b", "a/b/c"]);
  assertEquals(await list("/s/{a/b/c,x}/*.txt"), ["a/b/c", "x"]);
  assertEquals(await list("/s/{a,b}*/[!b]*"), ["", "a"]);
  assertEquals(await list("/s/a/**/d.txt"), ["a", "a/b", "a/b/c"]);
  assertEquals(await list("/*/none/*"), ["none"]);
});

Deno.test("Vfs: a store that failed is a directory, and using it throws the reason", async () => {
  const stores = await openStores({
    stores: { good: { driver: "memory" }, bad: { driver: "memory", capacity: "x" } },
  }, { env: {} });
  const vfs = new Vfs(stores);
  assertEquals(await names(vfs, "/"), ["bad/", "good/"]);
  assertEquals((await vfs.stat("/bad")).isDirectory, true);
  for (
    const operation of [
      () => names(vfs, "/bad"),
      () => vfs.stat("/bad/x"),
      () => vfs.readFile("/bad/x"),
      () => vfs.remove("/bad/x"),
    ]
  ) await assertRejects(operation, BadStoreConfiguration, 'option "capacity" is "x"');
  await vfs.writeTextFile("/good/a", "");
  await vfs.close();
});

Deno.test("Vfs: a store that cannot list has images, but no directories", async () => {
  class Unlisted extends MemoryStore {
    static override readonly CAPABILITIES = 255;
  }
  const vfs = new Vfs({ s: new Unlisted("s") });
  await vfs.writeTextFile("/s/a/b", "x");
  assertEquals((await vfs.stat("/s/a/b")).isFile, true);
  await assertRejects(() => vfs.stat("/s/a"), NotFound);
  await assertRejects(() => names(vfs, "/s"), StoreListNotSupported, "list /s:");
});

Deno.test("Vfs: passes signals and contexts to the store", async () => {
  const { vfs } = await tree();
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => vfs.stat("/local/a.txt", { signal }), Error, "enough");
  await assertRejects(() => vfs.readFile("/local/a.txt", { signal }), Error, "enough");
  await assertRejects(() => vfs.readDir("/local/iso", { signal }).next(), Error, "enough");
  const context = { tenant: "bob" };
  await assertRejects(() => vfs.readFile("/local/a.txt", { context }), Error, "tenant bob");
});

Deno.test("Vfs: an option that the operation does not take is refused", async () => {
  const { vfs } = await tree();
  const unknown = { colour: "blue" } as never;
  const operations: Record<string, () => Promise<unknown>> = {
    "stat /local": () => vfs.stat("/local", unknown),
    "stat /local/a.txt": () => vfs.stat("/local/a.txt", unknown),
    "exists /local/iso": () => vfs.exists("/local/iso", unknown),
    "readDir /": () => Array.fromAsync(vfs.readDir("/", unknown)),
    "walk /": () => Array.fromAsync(vfs.walk("/", unknown)),
    "glob /*": () => Array.fromAsync(vfs.glob("/*", unknown)),
    "get /local/a.txt": () => vfs.readFile("/local/a.txt", unknown),
    "getRanges /local/a.txt": () => vfs.getRanges("/local/a.txt", [{}], unknown),
    "open /local/a.txt": () => vfs.open("/local/a.txt", unknown),
    "inspect /local/a.txt": () => vfs.inspect("/local/a.txt", unknown),
    "add /local/new": () => vfs.writeTextFile("/local/new", "new", unknown),
    "copy /local/a.txt to /local/new": () => vfs.copyFile("/local/a.txt", "/local/new", unknown),
    "move /local/a.txt to /local/new": () => vfs.rename("/local/a.txt", "/local/new", unknown),
    "mkdir /local": () => vfs.mkdir("/local", unknown),
    "mkdir /local/new": () => vfs.mkdir("/local/new", unknown),
    "remove /local/a.txt": () => vfs.remove("/local/a.txt", unknown),
    "copyTree /local to /mirror": () => vfs.copyTree("/local", "/mirror", unknown),
    "moveTree /local to /mirror": () => vfs.moveTree("/local", "/mirror", unknown),
    "removeTree /local": () => vfs.removeTree("/local", unknown),
    "verifyTree /local": () => vfs.verifyTree("/local", unknown),
    "syncTree /local to /mirror": () => vfs.syncTree("/local", "/mirror", unknown),
    "checkTrees /local and /mirror": () => vfs.checkTrees("/local", "/mirror", unknown),
    "getAcls /local/a.txt": () => vfs.getAcls("/local/a.txt", unknown),
    "setAcls /local/a.txt": () => vfs.setAcls("/local/a.txt", {}, unknown),
  };
  for (const [place, run] of Object.entries(operations)) {
    const error = await assertRejects(run, Invalid, 'unknown option "colour"; known are: signal');
    assert(error.message.includes(`${place}: `), `${error.message} does not name ${place}`);
  }
  assertEquals(await names(vfs, "/local"), ["a.txt", "deep/", "iso/"]);
});

Deno.test("Vfs: options of a copy and a move do not reach operations that lack them", async () => {
  const { vfs, local } = await tree();
  const verifier = { update() {} };
  const options = { verifier, verify: true, accept: { formats: ["raw" as const] } };
  await vfs.copyFile("/local/a.txt", "/mirror/a.txt", options);
  await vfs.copyFile("/local/a.txt", "/local/b.txt", options);
  await local.copy("a.txt", "c.txt", options);
  await vfs.rename("/local/b.txt", "/local/d.txt", options);
  await vfs.rename("/local/c.txt", "/mirror/c.txt", options);
  assertEquals(await names(vfs, "/local"), ["a.txt", "d.txt", "deep/", "iso/"]);
});
