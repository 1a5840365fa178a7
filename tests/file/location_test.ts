/**
 * Location URIs and image ids of file stores.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertThrows, fail } from "@std/assert";
import { BadStoreUri, InvalidImageId, NotFound, type SkippedEntry } from "@vitrine/vitrine";
import { FileLocation, FileStore } from "@vitrine/vitrine/file";
import fc from "../fast_check.ts";
import { inFolder, run } from "./support.ts";

Deno.test("file: and filesystem: URIs are read, and written as glance_store writes them", () => {
  for (const uri of ["file:///a/b c%20ü", "filesystem:///a/b c%20ü"]) {
    const location = FileLocation.parse(uri);
    assertEquals(location.path, "/a/b c%20ü");
    assertEquals(location.scheme, "file");
    assertEquals(location.uri(), "file:///a/b c%20ü");
    assertEquals(`${location}`, "file:///a/b c%20ü");
  }
});

Deno.test("FileLocation.parse: refuses a URI that names no absolute path", () => {
  const bad = [
    "file://",
    "file://host/a",
    "file://a",
    "file:/a",
    "/a",
    "file:///a\u0000b",
    "http://host/a",
  ];
  for (const uri of bad) {
    const { message } = assertThrows(() => FileLocation.parse(uri), BadStoreUri, undefined, uri);
    assertEquals(message.split("\n").length, 1);
  }
});

Deno.test("FileLocation: whatever id is taken, its URI names the same image again", async () => {
  await inFolder(async (datadir) => {
    const store = new FileStore("files", { datadir });
    const segment = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.array(segment, { minLength: 1, maxLength: 3 }), async (segments) => {
        const imageId = segments.join("/");
        const location = await store.locationOf(imageId).catch((error) => {
          assert(error instanceof InvalidImageId, String(error));
        });
        if (location === undefined) return;
        const parsed = FileLocation.parse(location.uri());
        assertEquals(store.imageIdOf(parsed), imageId);
        assert(parsed.path.startsWith(`${datadir}/`));
        assertEquals(parsed.path.split("/").filter((one) => one === "..").length, 0);
      }),
    );
  });
});

Deno.test("FileStore: refuses an id of the store's own files", async () => {
  await inFolder(async (datadir) => {
    const store = new FileStore("files", { datadir });
    const bad = [".vitrine", ".vitrine/tmp/x", ".Vitrine/x"];
    for (const imageId of bad) {
      await assertRejects(() => store.add(imageId, new Uint8Array(1)), InvalidImageId);
      await assertRejects(() => store.get(imageId), InvalidImageId);
      await assertRejects(() => store.stat(imageId), InvalidImageId);
      await assertRejects(() => store.delete(imageId), InvalidImageId);
    }
    await store.add("a", new Uint8Array(1));
    for (const imageId of bad) {
      await assertRejects(() => store.copy("a", imageId), InvalidImageId);
      await assertRejects(() => store.rename("a", imageId), InvalidImageId);
    }
    await assertRejects(() => Array.fromAsync(store.list({ directory: ".vitrine" })));
    const all = await Array.fromAsync(store.list({ recursive: true }));
    assertEquals(all.map(({ path }) => path), ["a"]);
  });
});

Deno.test("FileStore.list: reports files whose names cannot be ids", async () => {
  await inFolder(async (datadir) => {
    for (const name of ["good", "back\\slash", "new\nline"]) {
      await Deno.writeTextFile(`${datadir}/${name}`, "x");
    }
    if (Deno.build.os === "linux") {
      await run("sh", "-c", `printf x > "$(printf '${datadir}/\\377')"`);
    }
    const store = new FileStore("files", { datadir });
    const skipped: string[] = [];
    const onSkipped = ({ path, reason }: SkippedEntry) => {
      skipped.push(`${path}: ${reason.constructor.name}`);
    };
    const listed = await Array.fromAsync(store.list({ onSkipped }));
    assertEquals(listed.map(({ path }) => path), ["good"]);
    assertEquals(skipped.sort(), [
      "back\\slash: InvalidImageId",
      "new\nline: InvalidImageId",
      ...Deno.build.os === "linux" ? ["\ufffd: Invalid"] : [],
    ]);
  });
});

Deno.test("FileStore: reads and lists names with #, ?, blanks and tabs", async () => {
  await inFolder(async (datadir) => {
    const store = new FileStore("files", { datadir });
    const names = [" blank ", "C# 12.iso", "a\tb", "what?.iso", "wide\u00a0"];
    for (const name of names) await Deno.writeTextFile(`${datadir}/${name}`, name);
    const listed = await Array.fromAsync(
      store.list({ onSkipped: ({ reason }) => fail(`${reason}`) }),
    );
    assertEquals(listed.map(({ path }) => path).sort(), names);
    for (const name of names) {
      const { location } = await store.stat(name);
      assertEquals(location.uri(), `file://${datadir}/${name}`);
      assertEquals(await new Response((await store.get(location.uri())).stream).text(), name);
      await store.delete(name);
      await store.add(name, new Blob([name]));
    }
  });
});

Deno.test("FileStore.get: a location outside the datadirs is BadStoreUri, whatever is there", async () => {
  await inFolder(async (folder) => {
    const datadir = `${folder}/images`;
    await Deno.mkdir(datadir);
    await Deno.mkdir(`${folder}/images-too`);
    for (const path of ["secret", "images-too/secret"]) {
      await Deno.writeTextFile(`${folder}/${path}`, "secret");
    }
    const store = new FileStore("files", { datadir });
    await store.add("a/b", new Uint8Array(3));
    const outside = [
      "/etc/passwd",
      `${folder}/secret`,
      `${folder}/images-too/secret`,
      `${datadir}/../secret`,
      `${datadir}/a/../../secret`,
      `${datadir}/a/../a/b`,
      `${datadir}/.vitrine/tmp`,
      datadir,
      `${datadir}/`,
      "/",
    ];
    for (const path of outside) {
      for (const scheme of ["file", "filesystem"]) {
        const uri = `${scheme}://${path}`;
        await assertRejects(() => store.get(uri), BadStoreUri, "outside", uri);
        await assertRejects(() => store.stat(uri), BadStoreUri, "outside", uri);
        await assertRejects(() => store.delete(uri), BadStoreUri, "outside", uri);
        await assertRejects(() => store.copy(uri, "copy"), BadStoreUri, "outside", uri);
      }
    }
    assertEquals(await Deno.readTextFile(`${folder}/secret`), "secret");
    // A path in other words is the same path.
    assertEquals(await store.getSize(`file://${datadir}//a/./b`), 3);
    await assertRejects(() => store.get(`file://${datadir}/a/c`), NotFound);
  });
});
