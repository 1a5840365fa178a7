/**
 * The names of images: given, taken off and listed, with nothing lost, shown too early or left open.
 *
 * @module
 */
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { Forbidden, ImageChanged, NotFound } from "@vitrine/vitrine";
import { FileStore } from "@vitrine/vitrine/file";
import { existsSync, renameSync, symlinkSync } from "node:fs";
import { stat } from "node:fs/promises";
import { Datadirs } from "../../drivers/file/datadirs.ts";
import { Io } from "../../drivers/file/io.ts";
import { removeOldName } from "../../drivers/file/deleter.ts";
import { until } from "../until.ts";
import { descriptorsOf, inFolder, litter } from "./support.ts";

/** Calls `then` as soon as `check` holds, unless `call` settles before. */
async function meanwhile<T>(call: Promise<T>, check: () => boolean, then: () => void) {
  let settled = false;
  const outcome = call.then((value) => ({ value }), (error) => ({ error }))
    .finally(() => settled = true);
  while (!settled && !check()) await new Promise((resolve) => setTimeout(resolve));
  if (!settled) then();
  return await outcome as { value?: T; error?: unknown };
}

Deno.test({
  name: "FileStore.list: it and stat leave no directory open",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    inFolder(async (datadir) => {
      await using store = new FileStore("files", { datadir });
      for (const id of ["sub/deep/x", "sub/y", "other/z"]) await store.add(id, new Uint8Array(1));
      for (let i = 0; i < 10; i++) {
        await Array.fromAsync(store.list());
        for await (const _ of store.list({ recursive: true })) break;
      }
      await until(
        "directories to be closed",
        async () => await descriptorsOf(datadir) === 0,
      );
    }),
});

Deno.test("FileStore.rename: an abort leaves the image one name", async () => {
  await inFolder(async (datadir) => {
    await using store = new FileStore("files", { datadir });
    await store.add("sub/a", new Uint8Array(10));
    for (let i = 0; i < 20; i++) {
      const [from, to] = i % 2 ? ["sub/b", "sub/a"] : ["sub/a", "sub/b"];
      const controller = new AbortController();
      const { error } = await meanwhile(
        store.rename(from, to, { signal: controller.signal }),
        () => existsSync(`${datadir}/${to}`),
        () => controller.abort(),
      );
      const left = await Array.fromAsync(store.list({ recursive: true }));
      assertEquals(left.map(({ path }) => path), [error ? from : to]);
      if (error) await store.rename(from, to);
    }
    assertEquals(await litter(datadir), []);
  });
});

Deno.test("FileStore.rename: takes the old name off no image that has it by now", async () => {
  await inFolder(async (folder) => {
    const [from, to, other] = ["from", "to", "other"].map((name) => `${folder}/${name}`) as [
      string,
      string,
      string,
    ];
    const datadirs = new Datadirs({ datadir: folder });
    const image = async (path: string) => ({
      real: { path, datadir: folder, imageId: path.slice(folder.length + 1) },
      stats: await stat(path, { bigint: true }),
    });
    const remove = async (path: string) =>
      await removeOldName(new Io(4096, 0), datadirs, path, to, await image(to));
    await Deno.writeTextFile(to, "renamed");
    await Deno.writeTextFile(from, "new");
    await assertRejects(() => remove(from), ImageChanged);
    assertEquals(await Deno.readTextFile(from), "new");
    assert(!existsSync(to));

    await Deno.writeTextFile(other, "image");
    await Deno.link(other, to);
    await remove(other);
    assertEquals([existsSync(other), existsSync(to)], [false, true]);
  });
});

Deno.test("FileStore.add: an add that is aborted at any moment is invisible once it settles", async () => {
  await inFolder(async (datadir) => {
    await using store = new FileStore("files", { datadir });
    await store.configure();
    for (let i = 0; i < 40; i++) {
      const controller = new AbortController();
      const added = store.add(`d${i}/e/x`, new Uint8Array(3), { signal: controller.signal });
      const seen = [`d${i}`, `d${i}/e`, `d${i}/e/x`][i % 3];
      const abort = () => controller.abort();
      const { error } = await meanwhile(added, () => existsSync(`${datadir}/${seen}`), abort);
      if (error) await assertRejects(() => store.getSize(`d${i}/e/x`), NotFound);
      else await store.delete(`d${i}/e/x`);
      assertEquals(await litter(datadir), []);
    }
  });
});

Deno.test("FileStore.add: what is made too late is taken back before the wait ends", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const controller = new AbortController();
  const undone: string[] = [];
  // deno-lint-ignore require-await -- it has to give a promise
  const made = new Io(4096, 0, controller.signal).make(promise, async (value) => {
    undone.push(value);
  });
  controller.abort();
  await new Promise((done) => setTimeout(done));
  resolve("a link");
  await assertRejects(() => made, DOMException);
  assertEquals(undone, ["a link"]);
});

Deno.test("FileStore.copy: an image that is replaced while it is copied is copied as it was, or not at all", async () => {
  await inFolder(async (folder) => {
    const datadir = `${folder}/images`;
    await Deno.mkdir(datadir);
    await using store = new FileStore("files", { datadir });
    await Deno.writeTextFile(`${folder}/secret`, "out of the datadir");
    const drafts = () => [...Deno.readDirSync(`${datadir}/.vitrine/tmp`)].length > 0;
    for (let i = 0; i < 60; i++) {
      await store.add("src", new Uint8Array(20_000).fill(1));
      if (i % 2) symlinkSync("../secret", `${folder}/next`);
      else await Deno.writeTextFile(`${folder}/next`, "another image");
      const swap = () => renameSync(`${folder}/next`, `${datadir}/src`);
      const { error } = await meanwhile(store.copy("src", "dst"), drafts, swap);
      if (error === undefined) {
        const { stream } = await store.get("dst", { verify: true });
        assertEquals(await new Response(stream).bytes(), new Uint8Array(20_000).fill(1));
        await store.delete("dst");
      } else {
        assert(error instanceof ImageChanged || error instanceof Forbidden, `${error}`);
      }
      await Deno.remove(`${datadir}/src`);
      await Deno.remove(`${folder}/next`).catch(() => {});
      assert(!drafts());
    }
  });
});

Deno.test("FileStore: an abort is thrown as it is, whatever the store is doing", async () => {
  await inFolder(async (datadir) => {
    await using store = new FileStore("files", { datadir });
    for (let i = 0; i < 20; i++) await store.add(`${i}`, new Uint8Array(3));
    const calls = [
      (signal: AbortSignal) => Array.fromAsync(store.list({ signal })),
      (signal: AbortSignal) => store.stat("0", { signal }),
      (signal: AbortSignal) => store.get("0", { signal, verify: true }),
      (signal: AbortSignal) => store.copy("0", "copy", { signal }),
    ];
    for (const call of calls) {
      for (let turns = 0; turns < 8; turns++) {
        const controller = new AbortController();
        const result = call(controller.signal).catch((error) => error);
        for (let i = 0; i < turns; i++) await null;
        controller.abort();
        const outcome = await result;
        if (outcome instanceof Error) assertInstanceOf(outcome, DOMException);
        await store.delete("copy").catch(() => {});
      }
    }
  });
});
