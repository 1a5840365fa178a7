/**
 * One tree made like another, and two trees compared.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { MemoryStore } from "@vitrine/vitrine/memory";
import { Invalid, type SyncTreeOptions, type TreeOutcome, Vfs } from "../../mod.ts";
import { pathMatcher } from "../../vfs/glob.ts";

const NEW = ".vitrine-sync-new";
const OLD = ".vitrine-sync-old-";

/** The beginning of the digest of a text, as sync writes it in names. */
async function digestOf(text: string): Promise<string> {
  await using store = new MemoryStore("digests");
  return (await store.add("text", new TextEncoder().encode(text))).multihash.value.slice(0, 16);
}

/** A tree of two stores; images by path and text. */
async function treeOf(images: Record<string, string>): Promise<Vfs> {
  const vfs = new Vfs({ a: new MemoryStore("a"), b: new MemoryStore("b") });
  for (const [path, text] of Object.entries(images)) await vfs.writeTextFile(path, text);
  return vfs;
}

/** The images below a directory with their texts. */
async function textsOf(vfs: Vfs, path: string): Promise<Record<string, string>> {
  const texts: [string, string][] = [];
  for await (const entry of vfs.walk(path, { includeDirs: false })) {
    texts.push([entry.path, await vfs.readTextFile(entry.path)]);
  }
  return Object.fromEntries(texts.sort());
}

/** Syncs and returns what became of each image. */
async function sync(vfs: Vfs, options: SyncTreeOptions = {}): Promise<Record<string, string>> {
  const outcomes: TreeOutcome[] = [];
  await vfs.syncTree("/a", "/b", { ...options, onImage: (one) => void outcomes.push(one) });
  return Object.fromEntries(outcomes.map(({ path, state }) => [path, state]));
}

Deno.test("Vfs.syncTree: copies what is missing, and neither overwrites nor deletes by default", async () => {
  await using vfs = await treeOf({
    "/a/missing": "1",
    "/a/same": "2",
    "/a/differs": "3",
    "/b/same": "2",
    "/b/differs": "x",
    "/b/extra": "4",
  });
  assertEquals(await sync(vfs), { missing: "copied", same: "same", differs: "differs" });
  assertEquals(await textsOf(vfs, "/b"), {
    "/b/differs": "x",
    "/b/extra": "4",
    "/b/missing": "1",
    "/b/same": "2",
  });
});

Deno.test("Vfs.syncTree: replaces and deletes if its options say so, and a dry run does neither", async () => {
  await using vfs = await treeOf({
    "/a/missing": "1",
    "/a/differs": "3",
    "/b/differs": "x",
    "/b/deep/extra": "4",
  });
  const options = { replace: true, delete: true };
  const outcomes = { missing: "copied", differs: "replaced", "deep/extra": "removed" };
  const before = await textsOf(vfs, "/b");
  assertEquals(await sync(vfs, { ...options, dryRun: true }), outcomes);
  assertEquals(await textsOf(vfs, "/b"), before);
  assertEquals(await sync(vfs, options), outcomes);
  assertEquals(await textsOf(vfs, "/b"), { "/b/differs": "3", "/b/missing": "1" });
});

Deno.test("Vfs.syncTree: deletes nothing if anything failed", async () => {
  await using vfs = await treeOf({ "/a/x": "1", "/a/y": "2", "/b/extra": "4" });
  const { store } = vfs.imageAt("/a/x");
  const get = store.get.bind(store);
  store.get = (image, options) => {
    return image === "x" ? Promise.reject(new Error("broken")) : get(image, options);
  };
  assertEquals(await sync(vfs, { delete: true }), { x: "failed", y: "copied", "": "failed" });
  assertEquals(await textsOf(vfs, "/b"), { "/b/extra": "4", "/b/y": "2" });
});

Deno.test("Vfs.syncTree: leaves what a filter leaves out, also when deleting", async () => {
  await using vfs = await treeOf({
    "/a/x.iso": "1",
    "/a/x.txt": "2",
    "/b/y.txt": "3",
    "/b/z.iso": "4",
  });
  const filter = await pathMatcher("*.iso");
  assertEquals(await sync(vfs, { delete: true, filter }), {
    "x.iso": "copied",
    "z.iso": "removed",
  });
  assertEquals(await textsOf(vfs, "/b"), { "/b/x.iso": "1", "/b/y.txt": "3" });
});

Deno.test("Vfs.syncTree: finishes a replacement that was interrupted anywhere", async () => {
  const old = OLD + await digestOf("old");
  const states: Record<string, string>[] = [
    // The copy is whole, the image not yet renamed, or both names are there while it is.
    { x: "old", [`x${NEW}`]: "new" },
    { x: "old", [`x${NEW}`]: "new", [`x${old}`]: "old" },
    // Between the two renames.
    { [`x${NEW}`]: "new", [`x${old}`]: "old" },
    // Both names of the copy, or only the old image is left.
    { x: "new", [`x${NEW}`]: "new", [`x${old}`]: "old" },
    { x: "new", [`x${old}`]: "old" },
  ];
  for (const state of states) {
    for (const isDeleting of [false, true]) {
      await using vfs = await treeOf({ "/a/x": "new" });
      for (const [name, text] of Object.entries(state)) {
        await vfs.writeTextFile(`/b/${name}`, text);
      }
      await vfs.syncTree("/a", "/b", { replace: true, delete: isDeleting });
      assertEquals(await textsOf(vfs, "/b"), { "/b/x": "new" }, JSON.stringify(state));
    }
  }
});

Deno.test("Vfs.syncTree: names the replaced image after its digest, and deletes it", async () => {
  await using vfs = await treeOf({ "/a/x": "new", "/b/x": "old" });
  const { store } = vfs.imageAt("/b/x");
  const remove = store.delete.bind(store);
  const removed: unknown[] = [];
  store.delete = (image, options) => {
    removed.push(image);
    return remove(image, options);
  };
  await vfs.syncTree("/a", "/b", { replace: true });
  assertEquals(removed, [`x${OLD}${await digestOf("old")}`]);
  assertEquals(await textsOf(vfs, "/b"), { "/b/x": "new" });
});

Deno.test("Vfs.syncTree: keeps and reports an image that only has the name of a replaced one", async () => {
  const names = [`x${OLD.slice(0, -1)}`, `x${OLD}${await digestOf("old")}`];
  for (const [x, state] of [["new", "same"], ["old", "replaced"]] as const) {
    for (const name of names) {
      const before = { "/b/x": x, [`/b/${name}`]: "somebody's" };
      await using vfs = await treeOf({ "/a/x": "new", ...before });
      await assertRejects(
        () => vfs.syncTree("/a", "/b", { replace: true }),
        Invalid,
        "look at it and remove it",
      );
      assertEquals(await vfs.readTextFile(`/b/${name}`), "somebody's", `${state} ${name}`);
    }
  }
});

Deno.test("Vfs.syncTree: removes no image that only has the name of a copy", async () => {
  await using vfs = await treeOf({
    "/a/x": "new",
    "/b/x": "old",
    [`/b/x${NEW}`]: "other",
  });
  await assertRejects(() => vfs.syncTree("/a", "/b", { replace: true }), Invalid, "is in the way");
  assertEquals(Object.values(await textsOf(vfs, "/b")), ["old", "other"]);
});

Deno.test("Vfs.syncTree: refuses images as directories, and trees in each other", async () => {
  await using vfs = await treeOf({ "/a/x": "1", "/b/x": "2" });
  const pairs = [["/a/x", "/b"], ["/a", "/b/x"], ["/a", "/a/y"], ["/a", "/a"]] as const;
  for (const [from, to] of pairs) {
    await assertRejects(() => vfs.syncTree(from, to, { delete: true }), Invalid);
  }
  assertEquals(await textsOf(vfs, "/b"), { "/b/x": "2" });
});

Deno.test("Vfs.checkTrees: says what is missing, differs and is the same", async () => {
  await using vfs = await treeOf({
    "/a/missing": "1",
    "/a/same": "2",
    "/a/differs": "3",
    "/b/same": "2",
    "/b/differs": "x",
    "/b/extra": "4",
  });
  const { images, states } = await vfs.checkTrees("/a", "/b");
  assertEquals([images, states], [4, { missing: 1, same: 1, differs: 1, extra: 1 }]);
});

Deno.test("Vfs.checkTrees: reads images of which no digest is known only with download", async () => {
  await using vfs = await treeOf({ "/a/x": "1", "/a/y": "1", "/b/x": "1", "/b/y": "2" });
  const { store } = vfs.imageAt("/a/x");
  const stat = store.stat.bind(store);
  store.stat = async (image, options) => {
    const { checksum: _, multihash: __, ...rest } = await stat(image, options);
    return rest;
  };
  const list = store.list.bind(store);
  store.list = async function* (options) {
    for await (const entry of list(options)) yield { ...entry, etag: undefined };
  };
  assertEquals((await vfs.checkTrees("/a", "/b")).states, { unknown: 2 });
  assertEquals((await vfs.checkTrees("/a", "/b", { download: true })).states, {
    same: 1,
    differs: 1,
  });
});

Deno.test("pathMatcher: matches names anywhere, and paths from the root", async () => {
  const name = await pathMatcher("*.iso");
  assert(name("a.iso") && name("x/y/a.iso") && !name("a.iso/x"));
  const path = await pathMatcher("/x/*.iso");
  assert(path("x/a.iso") && !path("a.iso") && !path("x/y/a.iso"));
  const deep = await pathMatcher("x/**");
  assert(deep("x/y/z") && !deep("y/x/z"));
});
