/**
 * What holds for `list`, `copy`, `rename`, ACLs and odd names.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  BitMasks,
  Duplicate,
  Invalid,
  InvalidImageId,
  type ListEntry,
  NotFound,
  StoreAclsNotSupported,
  StoreListNotSupported,
  StorePresignNotSupported,
} from "../mod.ts";
import { assertBytes, bytesOf, listed, MIB, pattern } from "./data.ts";
import { LIST, type Rule, RW } from "./suite.ts";

const { ACL_READ, ACL_WRITE, PRESIGN } = BitMasks;

/** Orders names by their bytes. */
function byBytes(a: string, b: string): number {
  const [x, y] = [a, b].map((name) => [...new TextEncoder().encode(name)]);
  const at = x!.findIndex((byte, index) => byte !== y![index]);
  return at < 0 ? x!.length - y!.length : x![at]! - (y![at] ?? -1);
}

/** The rules. */
export const treeRules: readonly Rule[] = [
  {
    name: "list shows every image once, with its size",
    needs: RW | LIST,
    async run(context) {
      const { store, id } = context;
      const names = Array.from({ length: 25 }, (_, i) => id(`image-${i}`)).sort();
      for (const name of names) await store.add(name, pattern(10));
      const entries = await listed(context);
      assertEquals(entries.map(({ path }) => path), names);
      for (const { kind, size } of entries) {
        assertEquals(kind, "image");
        assertEquals(size ?? 10, 10);
      }
    },
  },
  {
    name: "list shows one level, or everything below",
    needs: RW | LIST,
    async run(context) {
      const { store, id, directory, flat } = context;
      if (flat) return;
      for (const name of ["a/x", "a/y/z", "ab", "b"]) await store.add(id(name), pattern(1));
      const level = await listed(context, false);
      assertEquals(level.map(({ path, kind }) => [path.slice(directory.length + 1), kind]), [
        ["a", "directory"],
        ["ab", "image"],
        ["b", "image"],
      ]);
      const below = await Array.fromAsync(store.list({ directory: id("a"), recursive: true }));
      assertEquals(below.map(({ path }) => path).sort(), [id("a/x"), id("a/y/z")]);
      assertEquals(await Array.fromAsync(store.list({ directory: id("none") })), []);
      await assertRejects(
        () => Array.fromAsync(store.list({ directory: "../x" })),
        InvalidImageId,
      );
    },
  },
  {
    name: "list goes through a directory page by page, in the order of names",
    needs: RW | LIST,
    async run({ store, id, directory, flat }) {
      // In bytes, "-" and "." come before the "/" at the end of a directory.
      const level = ["a-b", "a.iso", "a/", "ab", "é", "\uffe6", "🖼"];
      const names: string[] = [];
      for (const name of level.flatMap((name) => name === "a/" ? ["a/x", "a/y/z"] : [name])) {
        const added = await store.add(id(name), pattern(1)).catch((error) => {
          if (error instanceof InvalidImageId) return undefined;
          throw error;
        });
        if (added) names.push(name);
      }
      const within = (page: object) => Array.fromAsync(store.list({ directory, ...page }));
      const shown = ({ path, kind }: ListEntry) => kind === "directory" ? `${path}/` : path;
      const below = flat ? id("") : `${directory}/`;
      for (const recursive of [true, false]) {
        const all = recursive || flat
          ? names
          : level.filter((name) => name === "a/" || names.includes(name));
        const sorted = flat ? [...all].map((name) => name.replaceAll("/", "-")).sort(byBytes) : all;
        for (const limit of [1, 3, all.length, 1000]) {
          const found: string[] = [];
          for (let startAfter: string = flat ? below : "";;) {
            const page = await within({ recursive, limit, ...startAfter && { startAfter } });
            const own = page.filter(({ path }) => path.startsWith(below));
            found.push(...own.map(shown));
            startAfter = found.at(-1) ?? "";
            if (own.length < limit) break;
          }
          assertEquals(
            found,
            sorted.map((name) => below + name),
            `recursive: ${recursive}, ${limit}`,
          );
        }
        const rest = await within({ recursive, startAfter: `${below}ab` });
        const own = rest.map(shown).filter((path) => path.startsWith(below));
        const expected = names.filter((name) => byBytes(name, "ab") > 0);
        assertEquals(own.sort(byBytes), expected.map((name) => below + name));
      }
      if (!flat) {
        const rest = await within({ startAfter: `${below}a/x` });
        assertEquals(rest.length, names.length - 4, "what comes after a name of a lower level");
        assertEquals(await within({ startAfter: `${below.slice(0, -1)}0` }), []);
      }
      for (const page of [{ limit: 0 }, { limit: -1 }, { limit: 1.5 }, { startAfter: 1 }]) {
        await assertRejects(() => within(page as never), Invalid);
      }
    },
  },
  {
    name: "a directory is gone with its last image",
    needs: RW | LIST,
    async run({ store, id, directory, flat }) {
      if (flat) return;
      await store.add(id("deep/er/image"), pattern(1));
      await store.delete(id("deep/er/image"));
      assertEquals(await Array.fromAsync(store.list({ directory })), []);
      await store.add(id("deep"), pattern(1));
      assertEquals(await store.getSize(id("deep")), 1);
    },
  },
  {
    name: "removeDirectory removes no image, and ignores a directory that does not exist",
    needs: RW | LIST,
    async run({ store, id, flat }) {
      if (flat) return;
      await store.add(id("kept/below/image"), pattern(3));
      for (const directory of ["kept", "kept/below", "kept/below/image", "nobody"]) {
        await store.removeDirectory(id(directory));
      }
      assertBytes(await bytesOf(store, id("kept/below/image")), pattern(3));
    },
  },
  {
    name: "an odd name works everywhere, or is refused as InvalidImageId",
    needs: RW,
    async run(context) {
      const { store, id } = context;
      const names = [
        "with space",
        "plus+plus",
        "percent%41",
        "%2e%2e",
        "question?mark",
        "hash#tag",
        "ampersand&equals=",
        "quote'\"",
        "ünïcödé-日本語-🖼",
        ".leading-dot",
        "trailing.",
        "~tilde",
        "a:b@c",
        "semi;colon,comma",
        "[brackets]{braces}",
        "*star",
        "<angle>",
        "a".repeat(200),
      ];
      for (const [i, name] of names.entries()) {
        const bytes = pattern(5, i + 1);
        const added = await store.add(id(name), bytes).catch((error) => {
          if (error instanceof InvalidImageId) return undefined;
          throw error;
        });
        if (added === undefined) continue;
        assertBytes(await bytesOf(store, id(name)), bytes);
        assertBytes(await bytesOf(store, added.location.uri()), bytes);
        assertEquals((await store.stat(added.location)).location.imageId, id(name));
        if (store.isCapable(LIST)) {
          assertEquals((await listed(context)).map(({ path }) => path), [id(name)]);
        }
        await store.delete(id(name));
      }
    },
  },
  {
    name: "copy gives the same bytes under another id, and overwrites nothing",
    needs: RW,
    async run({ store, id }) {
      const bytes = pattern(5 * MIB + 1);
      const { location } = await store.add(id("from"), bytes);
      const { location: copied } = await store.copy(location, id("to"));
      assertEquals(copied.imageId, id("to"));
      assertBytes(await bytesOf(store, id("to")), bytes);
      await assertRejects(() => store.copy(id("from"), id("to")), Duplicate);
      await assertRejects(() => store.copy(id("nobody"), id("new")), NotFound);
      await assertRejects(() => store.get(id("new")), NotFound);
      await store.delete(id("from"));
      assertBytes(await bytesOf(store, id("to")), bytes);
    },
  },
  {
    name: "rename moves the image, and overwrites nothing",
    needs: RW,
    async run({ store, id }) {
      const bytes = pattern(MIB);
      await store.add(id("old"), bytes);
      await store.add(id("taken"), pattern(3));
      await assertRejects(() => store.rename(id("old"), id("taken")), Duplicate);
      assertEquals(await store.getSize(id("taken")), 3);
      const location = await store.rename(id("old"), id("new"));
      assertEquals(location.imageId, id("new"));
      assertBytes(await bytesOf(store, id("new")), bytes);
      await assertRejects(() => store.get(id("old")), NotFound);
      await assertRejects(() => store.rename(id("nobody"), id("x")), NotFound);
    },
  },
  {
    name: "ACLs deny unless granted, and are read back as they were set",
    needs: RW | ACL_READ | ACL_WRITE,
    async run({ store, id }) {
      await store.add(id("guarded"), pattern(3));
      const closed = { public: false, readTenants: [], writeTenants: [] };
      assertEquals(await store.getAcls(id("guarded")), closed);
      await store.setAcls(id("guarded"), { public: true });
      assertEquals((await store.getAcls(id("guarded"))).public, true);
      await store.setAcls(id("guarded"), {});
      assertEquals(await store.getAcls(id("guarded")), closed);
      await assertRejects(() => store.setAcls(id("nobody"), {}), NotFound);
      await assertRejects(() => store.getAcls(id("nobody")), NotFound);
    },
  },
  {
    name: "a presigned PUT replaces no image, unless overwrite says so",
    needs: RW | PRESIGN,
    async run({ store, id }) {
      const bytes = pattern(3);
      await store.add(id("there"), bytes);
      const put = () => store.presign(id("there"), { method: "PUT" });
      if (!store.isCapable(BitMasks.PRESIGN_CREATE)) {
        await assertRejects(put, StorePresignNotSupported, "overwrite");
      } else {
        for (const headers of [{ "if-none-match": "*" }, {}] as HeadersInit[]) {
          const response = await fetch(await put(), { method: "PUT", body: "other", headers });
          await response.body?.cancel();
          assert(!response.ok, `the server responded ${response.status}`);
        }
      }
      assertBytes(await bytesOf(store, id("there")), bytes);
      await assertRejects(() => store.presign(id("there"), { overwrite: true }), Invalid);
    },
  },
  {
    name: "what the store is not capable of is refused with the operation's own error",
    async run({ store, id }) {
      if (!store.isCapable(LIST)) {
        await assertRejects(() => Array.fromAsync(store.list()), StoreListNotSupported);
      }
      if (!store.isCapable(ACL_WRITE)) {
        await assertRejects(() => store.setAcls(id("a"), {}), StoreAclsNotSupported);
      }
      if (!store.isCapable(ACL_READ)) {
        await assertRejects(() => store.getAcls(id("a")), StoreAclsNotSupported);
      }
      if (!store.isCapable(PRESIGN)) {
        await assertRejects(() => store.presign(id("a")), StorePresignNotSupported);
      }
    },
  },
];
