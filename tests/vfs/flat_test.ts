/**
 * Walks and listings of stores that list all images in one go.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { type ListEntry, type ListOptions, Vfs } from "@vitrine/vitrine";
import { MemoryStore } from "@vitrine/vitrine/memory";
import type { Session } from "../../cli/command.ts";
import { below } from "../../cli/walk.ts";

/** A store that lists flatly, and counts its listings. */
class Flat extends MemoryStore {
  listings: (string | undefined)[] = [];

  override get listsFlat(): boolean {
    return true;
  }

  override async *list(options: ListOptions = {}): AsyncGenerator<ListEntry> {
    this.listings.push(options.directory);
    options.onSkipped?.({ path: "a/b\\c", reason: new Error("it has a backslash") });
    yield* super.list(options);
  }
}

async function tree() {
  const [flat, plain] = [new Flat("flat"), new MemoryStore("plain")];
  const vfs = new Vfs({ flat, plain }, { mounts: { "/flat/plain": "/plain" } });
  for (const path of ["b/x", "a/b/c/d", "a-b/x", "a/z", "b/a", "top"]) {
    await vfs.writeTextFile(`/flat/${path}`, path);
  }
  await vfs.writeTextFile("/plain/p", "p");
  flat.listings = [];
  return { vfs, flat };
}

const BELOW_A = ["/flat/a/b", "/flat/a/b/c", "/flat/a/b/c/d", "/flat/a/z"];

Deno.test("Vfs.walk: takes one listing of a store that lists flatly", async () => {
  const { vfs, flat } = await tree();
  const skipped: string[] = [];
  const options = { onSkipped: ({ path }: { path: string }) => void skipped.push(path) };
  const entries = await Array.fromAsync(vfs.walk("/flat/a", options));
  assertEquals(entries.map(({ path }) => path), ["/flat/a", ...BELOW_A]);
  assertEquals(entries.map(({ isDirectory }) => isDirectory), [true, true, true, false, false]);
  assertEquals(entries.map(({ name }) => name), ["a", "b", "c", "d", "z"]);
  assertEquals(skipped, ["/flat/a/b\\c"]);
  // The one is of `stat`, which looks whether the directory exists.
  assertEquals(flat.listings, ["a", "a"]);
});

Deno.test("Vfs.walk: sees a store that is mounted in one that lists flatly", async () => {
  const { vfs } = await tree();
  const paths = await Array.fromAsync(vfs.walk("/flat"), ({ path }) => path);
  assertEquals(paths.filter((path) => path.startsWith("/flat/plain")), [
    "/flat/plain",
    "/flat/plain/p",
  ]);
  assertEquals(paths.length, 14);
});

Deno.test("Vfs.walk: with a depth, lists directory by directory", async () => {
  const { vfs } = await tree();
  const paths = await Array.fromAsync(vfs.walk("/flat/a", { maxDepth: 1 }), ({ path }) => path);
  assertEquals(paths, ["/flat/a", "/flat/a/b", "/flat/a/z"]);
});

Deno.test("below: of a store that lists flatly, has the order of sorted directories", async () => {
  const flat = new Flat("flat");
  await using vfs = new Vfs({ flat });
  for (const path of ["b/x", "a/z", "a-b/x", "a/b/d", "a.x"]) await flat.add(path, new Blob());
  flat.listings = [];
  const session = { fail() {} } as unknown as Session;
  const paths = await Array.fromAsync(below(vfs, "/flat", true, session), ({ path }) => path);
  assertEquals(
    paths.map((path) => path.slice("/flat/".length)),
    ["a", "a/b", "a/b/d", "a/z", "a-b", "a-b/x", "a.x", "b", "b/x"],
  );
  assertEquals(flat.listings, [""]);
});
