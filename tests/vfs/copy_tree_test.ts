/**
 * Whole trees copied, moved, removed and verified.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { MemoryStore } from "@vitrine/vitrine/memory";
import {
  Duplicate,
  Invalid,
  NotFound,
  type Store,
  type TreeOutcome,
  type TreeProgress,
  Vfs,
} from "../../mod.ts";
import { TreeWork } from "../../vfs/tree_work.ts";
import { replaceMethods } from "../store/replace_methods.ts";

async function treeOf(...paths: string[]): Promise<Vfs> {
  const vfs = new Vfs({ local: new MemoryStore("local"), mirror: new MemoryStore("mirror") });
  for (const path of paths) await vfs.writeTextFile(path, path);
  return vfs;
}

/** A store that counts what is read from it. */
class CountingStore extends MemoryStore {
  reads = 0;

  constructor(name: string) {
    super(name);
    replaceMethods(this.driver, (original) => ({
      openRead: (location, range, options) => {
        this.reads++;
        return original.openRead(location, range, options);
      },
    }));
  }
}

async function names(vfs: Vfs, path: string): Promise<string[]> {
  return (await Array.fromAsync(vfs.walk(path, { includeDirs: false }))).map(({ path }) => path)
    .sort();
}

Deno.test("TreeWork.verifierOf: only the bytes that are moved are held to the rate", async () => {
  const work = new TreeWork({ bytesPerSecond: 1, signal: AbortSignal.abort() });
  const { update } = work.verifierOf({ path: "thin.raw" });
  const chunk = new Uint8Array(4096);
  await update(chunk, 0);
  await assertRejects(async () => await update(chunk), DOMException, "aborted");
});

Deno.test("Vfs.copyTree: copies every image, and an image that fails does not end the rest", async () => {
  await using vfs = await treeOf("/local/a/1", "/local/a/2", "/local/a/b/3", "/mirror/x/2");
  const outcomes: TreeOutcome[] = [];
  const { images, states } = await vfs.copyTree("/local/a", "/mirror/x", {
    concurrency: 2,
    onImage: (outcome) => void outcomes.push(outcome),
  });
  assertEquals([images, states], [3, { copied: 2, failed: 1 }]);
  assertEquals(outcomes.map(({ path, state }) => [path, state]), [
    ["1", "copied"],
    ["2", "failed"],
    ["b/3", "copied"],
  ]);
  assert(outcomes[1]!.error instanceof Duplicate);
  assertEquals(await vfs.readTextFile("/mirror/x/b/3"), "/local/a/b/3");
});

Deno.test("Vfs.copyTree: throws the first error when all the others are copied", async () => {
  await using vfs = await treeOf("/local/a/1", "/local/a/2", "/mirror/x/1");
  await assertRejects(() => vfs.copyTree("/local/a", "/mirror/x"), Duplicate);
  assertEquals(await names(vfs, "/mirror"), ["/mirror/x/1", "/mirror/x/2"]);
});

Deno.test("Vfs.copyTree: says how far it is, and which images are under way", async () => {
  await using vfs = await treeOf("/local/a/1", "/local/a/22");
  const seen: TreeProgress[] = [];
  await vfs.copyTree("/local/a", "/mirror", { onProgress: (progress) => void seen.push(progress) });
  const bytes = "/local/a/1/local/a/22".length;
  assertEquals(seen.at(-1), {
    images: 2,
    totalImages: 2,
    bytes,
    totalBytes: bytes,
    isListed: true,
    running: [],
  });
  const running = seen.flatMap(({ running }) => running).filter(({ path }) => path === "22");
  const [{ size, bytes: done }] = [running.at(-1)!];
  assertEquals([size, done], ["/local/a/22".length, "/local/a/22".length]);
});

Deno.test("Vfs.copyTree: reads each image once for several targets, of which each may fail alone", async () => {
  const local = new CountingStore("local");
  const [a, b] = [new MemoryStore("a"), new MemoryStore("b")];
  await using vfs = new Vfs({ local, a, b } as Record<string, Store>);
  const image = new Uint8Array(9_000_000).map((_, index) => index >> 10);
  await vfs.writeFile("/local/x/1", image);
  await vfs.writeTextFile("/local/x/2", "two");
  await vfs.writeTextFile("/b/2", "here before");
  const outcomes: TreeOutcome[] = [];
  const { images, bytes, states } = await vfs.copyTree("/local/x", ["/a/y", "/b"], {
    onImage: (outcome) => void outcomes.push(outcome),
  });
  assertEquals([images, bytes, states, local.reads], [2, 9_000_003, { copied: 1, failed: 1 }, 2]);
  assertEquals(outcomes[0]!.targets, [
    { path: "/a/y/1", notKept: undefined },
    { path: "/b/1", notKept: undefined },
  ]);
  assertEquals(outcomes[1]!.targets!.map(({ error }) => error instanceof Duplicate), [false, true]);
  assertStringIncludes(`${outcomes[1]!.error}`, "/local/x/2 to /b/2");
  for (const path of ["/a/y/1", "/b/1"]) assertEquals(await vfs.readFile(path), image);
  assertEquals(await names(vfs, "/b"), ["/b/1", "/b/2"]);
  await assertRejects(() => vfs.copyTree("/local/x", []), Invalid);
  await assertRejects(() => vfs.copyTree("/local/x", ["/a/z", "/a/z/1"]), Invalid);
});

Deno.test("Vfs.copyTree: refuses a copy into itself, and a source that is not there", async () => {
  await using vfs = await treeOf("/local/a/1");
  await assertRejects(() => vfs.copyTree("/local/a", "/local/a/b"), Invalid);
  await assertRejects(() => vfs.copyTree("/local/none", "/mirror"), NotFound);
});

Deno.test("Vfs.copyTree: an abort ends all", async () => {
  await using vfs = await treeOf("/local/a/1", "/local/a/2");
  const reason = new Error("stop");
  const signal = AbortSignal.abort(reason);
  assertEquals(await vfs.copyTree("/local/a", "/mirror", { signal }).catch((e) => e), reason);
  assertEquals(await Array.fromAsync(vfs.readDir("/mirror")), []);
});

Deno.test("Vfs.moveTree: moves every image", async () => {
  await using vfs = await treeOf("/local/a/1", "/local/a/b/2");
  assertEquals((await vfs.moveTree("/local/a", "/mirror")).states, { moved: 2 });
  assertEquals(await names(vfs, "/"), ["/mirror/1", "/mirror/b/2"]);
});

Deno.test("Vfs.removeTree: removes every image below, and nothing beside", async () => {
  await using vfs = await treeOf("/local/a/1", "/local/a/b/2", "/local/ab");
  assertEquals((await vfs.removeTree("/local/a")).states, { removed: 2 });
  assertEquals(await names(vfs, "/"), ["/local/ab"]);
});

Deno.test("Vfs.verifyTree: reads every image", async () => {
  await using vfs = await treeOf("/local/a/1", "/local/a/b/2");
  const { states, bytes } = await vfs.verifyTree("/local");
  assertEquals([states, bytes], [{ verified: 2 }, "/local/a/1/local/a/b/2".length]);
});
