/**
 * Pages of directories of the tree.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { Invalid, NotFound, type ReadDirOptions, Vfs } from "@vitrine/vitrine";
import { MemoryStore } from "@vitrine/vitrine/memory";

/** A tree with a directory whose name is also that of an image, and a mount that hides an image. */
async function makeTree(): Promise<Vfs> {
  const vfs = new Vfs({ memory: new MemoryStore("memory"), other: new MemoryStore("other") }, {
    mounts: { "/memory/dir/c": "/other" },
  });
  for (const name of ["a", "a-b", "a/inside", "b #?%20ü", "d"]) {
    await vfs.writeFile(`/memory/dir/${name}`, new Uint8Array(1));
  }
  await vfs.stores.getStoreFromStoreIdentifier("memory").add("dir/c", new Uint8Array(1));
  return vfs;
}

async function names(vfs: Vfs, path: string, options: ReadDirOptions): Promise<string[]> {
  const entries = await Array.fromAsync(vfs.readDir(path, options));
  return entries.map(({ name, isDirectory }) => isDirectory ? `${name}/` : name);
}

Deno.test("Vfs.readDir: pages show every name once, in the order of names", async () => {
  await using vfs = await makeTree();
  const all = ["a", "a-b", "a/", "b #?%20ü", "c/", "d"];
  assertEquals(await names(vfs, "/memory/dir", { limit: 100 }), all);
  for (const limit of [1, 2, 3, 5]) {
    const found: string[] = [];
    for (let page: string[] = [], startAfter;; startAfter = page.at(-1)) {
      page = await names(vfs, "/memory/dir/", { limit, startAfter });
      found.push(...page);
      if (page.length < limit) break;
    }
    assertEquals(found, all, `pages of ${limit}`);
  }
  assertEquals(await names(vfs, "/", { limit: 1 }), ["memory/"]);
  assertEquals(await names(vfs, "/", { startAfter: "memory/" }), ["other/"]);
});

Deno.test("Vfs.readDir: after the last name there is an empty page, and of no directory none", async () => {
  await using vfs = await makeTree();
  assertEquals(await names(vfs, "/memory/dir", { startAfter: "e" }), []);
  await assertRejects(() => names(vfs, "/memory/none", { startAfter: "e" }), NotFound);
  await assertRejects(() => names(vfs, "/memory/none", { limit: 2 }), NotFound);
});

Deno.test("Vfs.readDir: refuses a malformed limit or startAfter", async () => {
  await using vfs = await makeTree();
  for (const page of [{ limit: 0 }, { limit: 1.5 }, { limit: "2" }, { startAfter: 1 }]) {
    await assertRejects(() => names(vfs, "/memory/dir", page as never), Invalid, "/memory/dir");
  }
});
