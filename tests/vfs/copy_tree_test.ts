/**
 * Whole trees copied, moved, removed and verified.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { MemoryStore } from "@vitrine/vitrine/memory";
import {
  Duplicate,
  Invalid,
  NotFound,
  type TreeOutcome,
  type TreeProgress,
  Vfs,
} from "../../mod.ts";

async function treeOf(...paths: string[]): Promise<Vfs> {
  const vfs = new Vfs({ local: new MemoryStore("local"), mirror: new MemoryStore("mirror") });
  for (const path of paths) await vfs.writeTextFile(path, path);
  return vfs;
}

async function names(vfs: Vfs, path: string): Promise<string[]> {
  return (await Array.fromAsync(vfs.walk(path, { includeDirs: false }))).map(({ path }) => path)
    .sort();
}

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
