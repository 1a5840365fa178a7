/**
 * Walks and globs over what cannot be listed, vanishes, or cannot be named.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  Invalid,
  type ListEntry,
  type ListOptions,
  NotFound,
  RemoteServiceUnavailable,
  type SkippedEntry,
  Vfs,
} from "@vitrine/vitrine";
import { MemoryStore } from "@vitrine/vitrine/memory";

/** A store some of whose directories cannot be listed, and which can pass over names. */
class Unreadable extends MemoryStore {
  broken = new Set<string>();
  unnamed: SkippedEntry[] = [];

  override async *list(
    options: ListOptions & { onSkipped?: ((skipped: SkippedEntry) => void) | undefined } = {},
  ): AsyncGenerator<ListEntry> {
    const { directory = "", onSkipped } = options;
    if (this.broken.has(directory)) {
      throw new RemoteServiceUnavailable("the store is away", { store: this.name });
    }
    for (const skipped of this.unnamed) {
      const parent = skipped.path.split("/").slice(0, -1).join("/");
      if (parent === directory) onSkipped?.(skipped);
    }
    yield* super.list(options);
  }
}

async function tree() {
  const stores = { a: new Unreadable("a"), s: new Unreadable("s"), z: new Unreadable("z") };
  const vfs = new Vfs(stores);
  for (const store of ["a", "s", "z"]) await vfs.writeTextFile(`/${store}/1.iso`, "x");
  for (const name of "abcdefgh") await vfs.writeTextFile(`/s/${name}/x.iso`, name);
  return { vfs, ...stores };
}

const WALKS = {
  walk: (vfs: Vfs, options = {}) => vfs.walk("/", { includeDirs: false, ...options }),
  glob: (vfs: Vfs, options = {}) => vfs.glob("/**/*.iso", options),
};

for (const [name, walk] of Object.entries(WALKS)) {
  Deno.test(`Vfs.${name}: a directory that vanishes meanwhile spoils only itself`, async () => {
    const { vfs } = await tree();
    const seen: string[] = [];
    let removed = "";
    for await (const { path } of walk(vfs)) {
      seen.push(path);
      if (!path.startsWith("/s/a/")) continue;
      removed = "/s/d/x.iso";
      await vfs.remove(removed);
    }
    assertEquals(seen.length, 10);
    assert(removed !== "" && !seen.includes(removed), seen.join());
  });

  Deno.test(`Vfs.${name}: reports directories and stores that cannot be listed`, async () => {
    const { vfs, s, a } = await tree();
    s.broken.add("c");
    a.broken.add("");
    const skipped: SkippedEntry[] = [];
    const options = { onSkipped: (one: SkippedEntry) => skipped.push(one) };
    const found = await Array.fromAsync(walk(vfs, options), ({ path }) => path);
    assertEquals(found.length, 9);
    assertEquals(skipped.map(({ path }) => path).sort(), ["/a", "/s/c"]);
    assert(skipped.every(({ reason }) => reason instanceof RemoteServiceUnavailable));
  });

  Deno.test(`Vfs.${name}: throws what nobody is called with, after all the rest`, async () => {
    const { vfs, s } = await tree();
    s.broken.add("c");
    const found: string[] = [];
    await assertRejects(
      async () => {
        for await (const { path } of walk(vfs)) found.push(path);
      },
      RemoteServiceUnavailable,
      "/s/c: the store is away",
    );
    assertEquals(found.length, 10);
  });

  Deno.test(`Vfs.${name}: an abort ends it`, async () => {
    const { vfs } = await tree();
    const abort = new AbortController();
    const found = [];
    await assertRejects(async () => {
      for await (const entry of walk(vfs, { signal: abort.signal, onSkipped() {} })) {
        found.push(entry);
        abort.abort(new DOMException("enough", "AbortError"));
      }
    }, DOMException);
    assertEquals(found.length, 1);
  });

  Deno.test(`Vfs.${name}: reports names that no path can name`, async () => {
    const { vfs, s } = await tree();
    s.unnamed = [{ path: "c/a\\b.iso", reason: new Invalid("it holds a backslash") }];
    const skipped: SkippedEntry[] = [];
    const options = { onSkipped: (one: SkippedEntry) => skipped.push(one) };
    assertEquals((await Array.fromAsync(walk(vfs, options))).length, 11);
    assertEquals(skipped.map(({ path }) => path), ["/s/c/a\\b.iso"]);
  });
}

Deno.test("Vfs.walk: of what does not exist is NotFound; a glob of it matches nothing", async () => {
  const { vfs } = await tree();
  await assertRejects(() => Array.fromAsync(vfs.walk("/s/none")), NotFound);
  assertEquals(await Array.fromAsync(vfs.glob("/s/none/*")), []);
});

Deno.test("Vfs.glob: asks only stores that can hold a match", async () => {
  const { vfs, s } = await tree();
  s.broken.add("");
  const found = await Array.fromAsync(vfs.glob("/{a,z}/*.iso"), ({ path }) => path);
  assertEquals(found, ["/a/1.iso", "/z/1.iso"]);
});

Deno.test("Vfs.glob: refuses a pattern that stands for too many", async () => {
  const { vfs } = await tree();
  const pattern = `/s/${"{a,b}".repeat(11)}`;
  await assertRejects(() => Array.fromAsync(vfs.glob(pattern)), Invalid, "1000");
  await assertRejects(() => Array.fromAsync(vfs.glob("/s/{1..5000}")), Invalid, "1000");
});

Deno.test("Vfs.remove: removes image and directory of one name with recursive", async () => {
  const { vfs, s } = await tree();
  await vfs.writeTextFile("/s/both", "image");
  await vfs.writeTextFile("/s/both/below/x", "image");
  await vfs.remove("/s/both");
  assertEquals(await vfs.exists("/s/both/below/x"), true);
  await vfs.writeTextFile("/s/both", "image");
  await vfs.remove("/s/both", { recursive: true });
  const left = await Array.fromAsync(s.list({ directory: "both" }));
  assertEquals([await vfs.exists("/s/both"), left], [false, []]);
});

Deno.test("Vfs.remove: reports names that it cannot remove, and removes the rest", async () => {
  const { vfs, s } = await tree();
  s.unnamed = [{ path: "c/a\\b.iso", reason: new Invalid("it holds a backslash") }];
  const skipped: SkippedEntry[] = [];
  s.list = async function* (options: ListOptions & { onSkipped?: (one: SkippedEntry) => void }) {
    for (const one of s.unnamed) options.onSkipped?.(one);
    yield* MemoryStore.prototype.list.call(s, options) as AsyncGenerator<ListEntry>;
  };
  await vfs.remove("/s/c", { recursive: true, onSkipped: (one) => skipped.push(one) });
  assertEquals(skipped.map(({ path }) => path), ["/s/c/a\\b.iso"]);
  await vfs.writeTextFile("/s/c/x.iso", "x");
  await assertRejects(() => vfs.remove("/s/c", { recursive: true }), Invalid, "backslash");
  assertEquals(await Array.fromAsync(MemoryStore.prototype.list.call(s, { directory: "c" })), []);
});
