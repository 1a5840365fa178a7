/**
 * Symbolic links, and what is no regular file.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { Duplicate, Forbidden, Invalid, InvalidImageId, NotFound } from "@vitrine/vitrine";
import { FileStore } from "@vitrine/vitrine/file";
import { inFolder, litter, run } from "./support.ts";

async function text(store: FileStore, imageId: string): Promise<string> {
  return await new Response((await store.get(imageId)).stream).text();
}

async function names(store: FileStore, directory = "", recursive = true): Promise<string[]> {
  return (await Array.fromAsync(store.list({ directory, recursive }))).map(({ path }) => path)
    .sort();
}

Deno.test("FileStore: a symbolic link that leads out of the datadir is refused by everything", async () => {
  await inFolder(async (folder) => {
    const datadir = `${folder}/images`;
    await Deno.mkdir(datadir);
    await Deno.mkdir(`${folder}/outside`);
    await Deno.writeTextFile(`${folder}/outside/secret`, "secret");
    const store = new FileStore("files", { datadir });
    await store.add("a", new Blob(["a"]));
    await Deno.symlink(`${folder}/outside/secret`, `${datadir}/file`);
    await Deno.symlink("../outside/secret", `${datadir}/relative`);
    await Deno.symlink(`${folder}/outside`, `${datadir}/directory`);
    await Deno.symlink("directory", `${datadir}/twice`);
    await Deno.symlink("..", `${datadir}/up`);
    await Deno.symlink(".vitrine", `${datadir}/own`);
    await Deno.writeTextFile(`${datadir}/.vitrine/tmp/x`, "hidden");

    const escapes = ["file", "relative", "directory/secret", "twice/secret", "up/outside/secret"];
    for (const imageId of [...escapes, "own/tmp/x"]) {
      await assertRejects(() => store.get(imageId), Forbidden, "leads out of the datadir");
      await assertRejects(() => store.stat(imageId), Forbidden);
      await assertRejects(() => store.open(imageId), Forbidden);
      await assertRejects(() => store.copy(imageId, "copy"), Forbidden);
      await assertRejects(() => store.rename(imageId, "renamed"), Forbidden);
      await assertRejects(() => store.delete(imageId), Forbidden);
    }
    for (const directory of ["directory", "twice", "up", "own"]) {
      await assertRejects(() => store.add(`${directory}/new`, new Uint8Array(1)), Forbidden);
      await assertRejects(() => store.copy("a", `${directory}/new`), Forbidden);
      await assertRejects(() => store.rename("a", `${directory}/new`), Forbidden);
      await assertRejects(() => names(store, directory), Forbidden);
    }
    await assertRejects(() => store.add("file", new Uint8Array(1)), Duplicate);
    assertEquals(await names(store), ["a"]);
    assertEquals((await Array.fromAsync(Deno.readDir(`${folder}/outside`))).length, 1);
    assertEquals(await Deno.readTextFile(`${folder}/outside/secret`), "secret");
    assertEquals(await litter(datadir), [".vitrine/tmp/x"]);
  });
});

Deno.test("FileStore.delete: symbolic links inside the datadir are followed, and deleting one keeps the image", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/real`);
    await Deno.symlink("real", `${folder}/images`);
    const store = new FileStore("files", { datadir: `${folder}/images` });
    const { checksum } = await store.add("a/b", new Blob(["hello"]));
    await Deno.symlink("a/b", `${folder}/images/link`);
    await Deno.symlink("a", `${folder}/images/directory`);
    await Deno.symlink(".", `${folder}/images/loop`);
    await Deno.symlink("nowhere", `${folder}/images/dangling`);
    await Deno.symlink("circle", `${folder}/images/circle`);

    assertEquals(await text(store, "link"), "hello");
    assertEquals(await text(store, "directory/b"), "hello");
    assertEquals((await store.stat("link")).checksum, checksum);
    for (const nothing of ["dangling", "circle", "dangling/x"]) {
      await assertRejects(() => store.get(nothing), NotFound);
    }
    await assertRejects(() => store.add("dangling", new Uint8Array(1)), Duplicate);
    assertEquals(await names(store), ["a/b", "directory/b", "link"]);

    await store.delete("link");
    assertEquals((await store.stat("a/b")).checksum, checksum);
    await store.add("directory/c", new Blob(["c"]));
    assertEquals(await text(store, "a/c"), "c");
  });
});

Deno.test("FileStore.get: directories, FIFOs and devices are no images, and opening one waits for nothing", async () => {
  await inFolder(async (datadir) => {
    const store = new FileStore("files", { datadir });
    await store.add("directory/a", new Uint8Array(1));
    await run("mkfifo", `${datadir}/fifo`);
    await Deno.mkdir(`${datadir}/empty`);
    for (const imageId of ["directory", "empty", "fifo"]) {
      await assertRejects(() => store.get(imageId), NotFound);
      await assertRejects(() => store.stat(imageId), NotFound);
      await assertRejects(() => store.delete(imageId), NotFound);
      await assertRejects(() => store.copy(imageId, "copy"), NotFound);
      await assertRejects(() => store.add(imageId, new Uint8Array(1)), Duplicate);
    }
    assertEquals(await names(store, "", false), ["directory", "empty"]);
    assertEquals(await names(store, "empty"), []);
    assertEquals(await names(store, "fifo"), []);
  });
});

Deno.test("FileStore.add: an image cannot be a directory too, and says so", async () => {
  await inFolder(async (datadir) => {
    const store = new FileStore("files", { datadir });
    await store.add("a", new Uint8Array(1));
    await assertRejects(() => store.add("a/b", new Uint8Array(1)), Invalid, "no directory");
    await assertRejects(() => store.copy("a", "a/b"), Invalid, "no directory");
    await assertRejects(() => store.get("a/b"), NotFound);
    assertEquals(await names(store, "a"), []);
    await store.add("d/b", new Uint8Array(1));
    await assertRejects(() => store.add("d", new Uint8Array(1)), Duplicate, "directory");
    assertEquals(await litter(datadir), []);
  });
});

Deno.test("FileStore: a name of 256 bytes is InvalidImageId for every operation", async () => {
  await inFolder(async (datadir) => {
    const store = new FileStore("files", { datadir });
    const long = "n".repeat(256);
    for (const imageId of [long, `a/${long}`, `${long}/a`]) {
      await assertRejects(() => store.add(imageId, new Uint8Array(1)), InvalidImageId, "longer");
      await assertRejects(() => store.get(imageId), InvalidImageId, "longer");
    }
    assertEquals(await litter(datadir), []);
  });
});
