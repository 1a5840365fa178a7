/**
 * What the disk does to a store: full, read-only, gone, elsewhere, hung.
 *
 * @module
 */
import { assert, assertEquals, assertInstanceOf, assertRejects, equal } from "@std/assert";
import {
  BackendException,
  NotFound,
  StorageFull,
  StorageWriteDenied,
  StoreAddDisabled,
  TimeoutError,
} from "@vitrine/vitrine";
import { FileStore } from "@vitrine/vitrine/file";
import { canMount, inFolder, litter, MIB, moduleArgs, run, tree, withMount } from "./support.ts";

/** Pieces of random bytes, without end. */
async function* endless(): AsyncGenerator<Uint8Array> {
  for (;;) yield crypto.getRandomValues(new Uint8Array(65_536));
}

/** A file system of its own on a loop device. */
async function withDisk<T>(test: (mount: string) => Promise<T>): Promise<T> {
  return await inFolder(async (folder) => {
    const image = `${folder}/disk`;
    await run("truncate", "-s", "64M", image);
    await run("mkfs.ext4", "-q", image);
    return await withMount(["-o", "loop", image], test);
  });
}

const canFreeze = canMount && await withDisk(async (mount) => {
  await run("fsfreeze", "-f", mount);
  await run("fsfreeze", "-u", mount);
  return true;
}).catch(() => false);

/** Does something while a file system is frozen: whatever changes it waits. */
async function whileFrozen(mount: string, body: (freeze: () => Promise<void>) => Promise<void>) {
  // If the process were stopped by the disk, nobody else would thaw it.
  const guard = new Deno.Command("bash", {
    args: ["-c", `read -t 60 _ || fsfreeze -u ${mount}`],
    stdin: "piped",
  }).spawn();
  let frozen = false;
  try {
    await body(async () => {
      await run("fsfreeze", "-f", mount);
      frozen = true;
    });
  } finally {
    if (frozen) await run("fsfreeze", "-u", mount);
    const writer = guard.stdin.getWriter();
    await writer.write(new TextEncoder().encode("done\n")).catch(() => {});
    await writer.close().catch(() => {});
    await guard.status;
  }
}

Deno.test({
  name: "FileStore.add: a full disk is StorageFull, leaves nothing and takes what fits",
  ignore: !canMount,
  fn: () =>
    withMount(["-t", "tmpfs", "-o", "size=12m", "none"], async (datadir) => {
      const store = new FileStore("files", { datadir });
      await store.add("whole", new Uint8Array(MIB));
      for (const size of [undefined, 100 * MIB]) {
        const error = await assertRejects(
          () => store.add("deep/er/large", endless(), { size }),
          StorageFull,
        );
        assert(error.message.startsWith("files: add deep/er/large: ENOSPC"), error.message);
        assertEquals(await litter(datadir), []);
      }
      await assertRejects(() => store.get("deep/er/large"), NotFound);
      await store.add("fits", new Uint8Array(8 * MIB));
      await assertRejects(() => store.copy("fits", "copy"), StorageFull);
      assertEquals(await litter(datadir), []);
      assertEquals(await store.getSize("whole"), MIB);
    }),
});

Deno.test({
  name:
    "FileStore.configure: a disk that is full when the store starts takes images as soon as there is room",
  ignore: !canMount,
  fn: () =>
    withMount(["-t", "tmpfs", "-o", "size=2m", "none"], async (datadir) => {
      await Deno.writeFile(`${datadir}/ballast`, new Uint8Array(2 * MIB)).catch(() => {});
      const store = new FileStore("files", { datadir });
      await assertRejects(() => store.add("a", new Uint8Array(MIB)), StorageFull);
      await store.delete("ballast");
      await store.add("a", new Uint8Array(MIB));
      assertEquals(await litter(datadir), []);
    }),
});

Deno.test({
  name:
    "FileStore.add: a full disk takes a thin image that a store without thin provisioning finds too large",
  ignore: !canMount,
  fn: () =>
    withMount(["-t", "tmpfs", "-o", "size=4m", "none"], async (datadir) => {
      const zeros = new Uint8Array(16 * MIB);
      const thick = new FileStore("files", { datadir });
      await assertRejects(() => thick.add("a", zeros), StorageFull);
      const thin = new FileStore("files", { datadir, thinProvisioning: true });
      await thin.add("a", zeros);
      assertEquals(await thin.getSize("a"), 16 * MIB);
      // A copy stays as thin as it is.
      await thick.copy("a", "b");
      assertEquals(await thick.getSize("b"), 16 * MIB);
      assertEquals(await litter(datadir), []);
    }),
});

Deno.test({
  name: "FileStore.add: a file larger than allowed is StorageFull, and leaves nothing",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    inFolder(async (datadir) => {
      const script = `trap "" XFSZ; ulimit -f 2048; exec "$@"`;
      const args = [Deno.execPath(), ...moduleArgs("large.ts", datadir, `${8 * MIB}`)];
      const said = await run("bash", "-c", script, "bash", ...args);
      assert(said.startsWith("StorageFull: files: add large: EFBIG"), said);
      assertEquals(await litter(datadir), []);
    }),
});

Deno.test({
  name: "FileStore.add: a disk that becomes read-only is StorageWriteDenied, and is read on",
  ignore: !canMount,
  fn: () =>
    withMount(["-t", "tmpfs", "none"], async (datadir) => {
      const store = new FileStore("files", { datadir });
      await store.add("a", new Uint8Array(3));
      await run("mount", "-o", "remount,ro", datadir);
      for (
        const change of [
          () => store.add("b", new Uint8Array(1)),
          () => store.copy("a", "b"),
          () => store.rename("a", "b"),
          () => store.delete("a"),
        ]
      ) {
        const error = await assertRejects(change, StorageWriteDenied);
        assert(error.message.includes("EROFS"), error.message);
        assertEquals(error.message.split("\n").length, 1);
      }
      assertEquals(await store.getSize("a"), 3);

      const late = new FileStore("files", { datadir });
      await late.configure();
      assert(late.addFailure?.message.includes("EROFS"), `${late.addFailure}`);
      await assertRejects(() => late.add("b", new Uint8Array(1)), StoreAddDisabled, "EROFS");
      assertEquals(await late.getSize("a"), 3);
    }),
});

Deno.test("FileStore.stat: a datadir that is gone is an error, not a missing image, and is not made again", async () => {
  await inFolder(async (folder) => {
    const datadir = `${folder}/images`;
    await Deno.mkdir(datadir);
    const store = new FileStore("files", { datadir });
    await store.add("a/b", new Uint8Array(3));
    await Deno.remove(datadir, { recursive: true });
    for (
      const operation of [
        () => store.get("a/b"),
        () => store.stat("a/b"),
        () => store.delete("a/b"),
        () => store.copy("a/b", "c"),
        () => store.rename("a/b", "c"),
        () => store.add("c/d", new Uint8Array(1)),
        () => Array.fromAsync(store.list()),
      ]
    ) {
      const error = await assertRejects(operation, BackendException);
      assert(error.message.endsWith(`the datadir ${datadir} is missing`), error.message);
    }
    assertEquals(await tree(folder), []);
  });
});

Deno.test("FileStore.add: a datadir that goes away during an add is an error and is not made again", async () => {
  await inFolder(async (folder) => {
    const datadir = `${folder}/images`;
    await Deno.mkdir(datadir);
    const store = new FileStore("files", { datadir });
    async function* source() {
      yield new Uint8Array(5 * MIB);
      await Deno.remove(datadir, { recursive: true });
      yield new Uint8Array(5 * MIB);
    }
    await assertRejects(() => store.add("a/b", source()), BackendException, "is missing");
    assertEquals(await tree(folder), []);
  });
});

Deno.test("FileStore.add: the store's own directory is made again where somebody removed it", async () => {
  await inFolder(async (datadir) => {
    const store = new FileStore("files", { datadir });
    await store.add("first", new Uint8Array(1));
    await Deno.remove(`${datadir}/.vitrine`, { recursive: true });
    const { checksum } = await store.add("a", new Uint8Array(3));
    assertEquals((await store.stat("a")).checksum, checksum);
  });
});

Deno.test({
  name:
    "FileStore.add: a directory on another file system is read, and refused for writing in a line that says why",
  ignore: !canMount,
  fn: () =>
    inFolder(async (datadir) => {
      const store = new FileStore("files", { datadir });
      await store.add("a", new Uint8Array(3));
      await Deno.mkdir(`${datadir}/other`);
      await run("mount", "-t", "tmpfs", "none", `${datadir}/other`);
      try {
        await Deno.writeTextFile(`${datadir}/other/there`, "there");
        assertEquals(await store.getSize("other/there"), 5);
        for (
          const change of [
            () => store.add("other/b", new Uint8Array(1)),
            () => store.copy("a", "other/b"),
            () => store.rename("a", "other/b"),
          ]
        ) {
          await assertRejects(change, BackendException, "another file system");
        }
        assertEquals(await litter(datadir), []);
      } finally {
        await run("umount", `${datadir}/other`);
      }
    }),
});

Deno.test({
  name: "FileStore.add: a hung disk is TimeoutError, and what it does too late is undone",
  ignore: !canFreeze,
  fn: () =>
    withDisk(async (mount) => {
      const datadir = `${mount}/images`;
      await Deno.mkdir(datadir);
      const calm = new FileStore("files", { datadir });
      await calm.add("a", new Uint8Array(3));
      const store = new FileStore("files", { datadir, timeout: 0.5 });
      await store.configure();
      const operations: Record<string, (freeze: () => Promise<void>) => Promise<unknown>> = {
        add: (freeze) => freeze().then(() => store.add("d/b", new Uint8Array(1))),
        copy: (freeze) => freeze().then(() => store.copy("a", "d/c")),
        rename: (freeze) => freeze().then(() => store.rename("a", "d/e")),
        "an add half way": (freeze) => {
          async function* source() {
            yield new Uint8Array(8 * MIB);
            await freeze();
            yield new Uint8Array(8 * MIB);
          }
          return store.add("d/f", source());
        },
        delete: (freeze) => freeze().then(() => store.delete("a")),
      };
      for (const [name, operation] of Object.entries(operations)) {
        await whileFrozen(mount, async (freeze) => {
          const error = await assertRejects(() => operation(freeze));
          assertInstanceOf(error, TimeoutError, `${name}: ${error}`);
          assert(error.message.endsWith("did not respond within 0.5 s"), error.message);
          assert(error.retryable);
        });
        // Once the disk works again, what was requested of it is done, and then undone.
        const images = name === "delete" ? [] : ["a"];
        for (let attempt = 1;; attempt++) {
          const names = await Array.fromAsync(calm.list({ recursive: true }));
          const left = [names.map(({ path }) => path), await litter(datadir)];
          if (equal(left, [images, []])) break;
          assert(attempt < 200, `${name}: ${JSON.stringify(left)}`);
          await run("sync", "-f", mount);
        }
      }
    }),
});

Deno.test({
  name: "FileStore: an abort ends an operation on a hung disk",
  ignore: !canFreeze,
  fn: () =>
    withDisk(async (mount) => {
      const store = new FileStore("files", { datadir: mount });
      await store.add("a", new Uint8Array(3));
      const controller = new AbortController();
      const reason = new Error("enough");
      await whileFrozen(mount, async (freeze) => {
        await freeze();
        const adding = store.add("b", new Uint8Array(1), { signal: controller.signal });
        controller.abort(reason);
        assertEquals(await assertRejects(() => adding), reason);
      });
    }),
});
