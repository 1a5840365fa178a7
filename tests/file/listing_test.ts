/**
 * Listings of files: large directories on a thread, directories as they are.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { builtin } from "../../runtime/mod.ts";
import { type ListEntry, NotFound, type SkippedEntry, Vfs } from "@vitrine/vitrine";
import { FileStore } from "@vitrine/vitrine/file";
import { inFolder } from "./support.ts";

/** More names than are looked at without a thread, and than one response of it has. */
const MANY = 1100;

/** Counts the threads that are started, and refuses to start any with `refuse`. */
async function countingThreads<T>(
  refuse: boolean,
  work: () => Promise<T>,
): Promise<{ result: T; threads: number }> {
  const threading = builtin("node:worker_threads")!;
  const { Worker } = threading;
  let threads = 0;
  threading.Worker = class extends Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      threads++;
      if (refuse) throw new Error("threads are not permitted");
      super(...args);
    }
  };
  try {
    return { result: await work(), threads };
  } finally {
    threading.Worker = Worker;
  }
}

/** A datadir with a directory of many files, and one of each kind of name. */
async function fill(folder: string): Promise<string> {
  const datadir = `${folder}/images`;
  await Deno.mkdir(`${datadir}/many/below`, { recursive: true });
  for (let i = 0; i < MANY; i++) Deno.writeTextFileSync(`${datadir}/many/${i}.raw`, `${i}`);
  await Deno.writeTextFile(`${datadir}/many/below/image`, "hello");
  await Deno.symlink("below", `${datadir}/many/link`);
  await Deno.symlink("0.raw", `${datadir}/many/alias`);
  await Deno.symlink("../..", `${datadir}/many/out`);
  await Deno.symlink("..", `${datadir}/many/loop`);
  await Deno.writeTextFile(`${datadir}/many/back\\slash`, "");
  return datadir;
}

/** Lists a directory: what is listed, and what is passed over. */
async function listed(store: FileStore, directory: string, recursive: boolean) {
  const skipped: string[] = [];
  const onSkipped = ({ path, reason }: SkippedEntry) => {
    skipped.push(`${path}: ${reason.constructor.name}`);
  };
  const entries = await Array.fromAsync(store.list({ directory, recursive, onSkipped }));
  const byPath = (a: ListEntry, b: ListEntry) => a.path < b.path ? -1 : 1;
  return { entries: entries.sort(byPath), skipped: skipped.sort() };
}

for (const recursive of [false, true]) {
  const how = recursive ? "a tree" : "one level";
  Deno.test(`FileStore.list: ${how} of many files is the same by a thread and without`, async () => {
    await inFolder(async (folder) => {
      const datadir = await fill(folder);
      await using store = new FileStore("files", { datadir });
      const list = () => listed(store, "many", recursive);
      const { result: byThread, threads } = await countingThreads(false, list);
      assertEquals(threads, 1);
      const { result: without } = await countingThreads(true, list);
      assertEquals(byThread, without);
      const { entries, skipped } = byThread;
      assertEquals(entries.length, MANY + 3);
      const { size, mtime } = await Deno.stat(`${datadir}/many/1099.raw`);
      assertEquals(entries.find(({ path }) => path === "many/1099.raw"), {
        path: "many/1099.raw",
        kind: "image",
        size,
        modified: mtime!,
      });
      assertEquals(skipped, [
        "many/back\\slash: InvalidImageId",
        "many/loop: Invalid",
        "many/out: Forbidden",
      ]);
    });
  });
}

Deno.test("FileStore.list: starts no thread for a few files", async () => {
  await inFolder(async (datadir) => {
    await using store = new FileStore("files", { datadir });
    for (const id of ["a", "b/c"]) await store.add(id, new Uint8Array(1));
    const { threads } = await countingThreads(false, () => listed(store, "", true));
    assertEquals(threads, 0);
  });
});

Deno.test("FileStore.list: starts a thread for many small directories", async () => {
  await inFolder(async (datadir) => {
    for (let i = 0; i < 150; i++) {
      Deno.mkdirSync(`${datadir}/d${i}`);
      for (const name of ["a", "b"]) Deno.writeTextFileSync(`${datadir}/d${i}/${name}`, "");
    }
    await using store = new FileStore("files", { datadir });
    const { threads, result } = await countingThreads(false, () => listed(store, "", true));
    assertEquals([threads, result.entries.length], [1, 300]);
  });
});

Deno.test("Vfs.stat: of a large directory looks at a few of its files, without a thread", async () => {
  await inFolder(async (folder) => {
    await using vfs = new Vfs({ files: new FileStore("files", { datadir: await fill(folder) }) });
    const { threads, result } = await countingThreads(false, () => vfs.stat("/files/many"));
    assertEquals([threads, result.isDirectory], [0, true]);
  });
});

Deno.test("FileStore.list: can be ended in the middle of a large directory, and begun again", async () => {
  await inFolder(async (folder) => {
    await using store = new FileStore("files", { datadir: await fill(folder) });
    for await (const _ of store.list({ directory: "many" })) break;
    const signal = AbortSignal.abort(new Error("enough"));
    await assertRejects(() => Array.fromAsync(store.list({ signal })), Error, "enough");
    let count = 0;
    const controller = new AbortController();
    await assertRejects(
      async () => {
        for await (const _ of store.list({ directory: "many", signal: controller.signal })) {
          if (++count === 600) controller.abort(new Error("that will do"));
        }
      },
      Error,
      "that will do",
    );
    assertEquals(count, 600);
    assertEquals((await listed(store, "many", false)).entries.length, MANY + 3);
  });
});

Deno.test("FileStore.list: shows an empty directory, and looks into none to show it", async () => {
  await inFolder(async (datadir) => {
    await Deno.mkdir(`${datadir}/empty/deeper`, { recursive: true });
    const store = new FileStore("files", { datadir });
    await using vfs = new Vfs({ files: store });
    assertEquals(await Array.fromAsync(store.list()), [{ path: "empty", kind: "directory" }]);
    assertEquals((await vfs.stat("/files/empty")).isDirectory, true);
    const walked = await Array.fromAsync(vfs.walk("/files"), ({ path }) => path);
    assertEquals(walked, ["/files", "/files/empty", "/files/empty/deeper"]);
    await assertRejects(() => vfs.stat("/files/nobody"), NotFound);
    await vfs.remove("/files/empty", { recursive: true });
    assert(!await vfs.exists("/files/empty"));
  });
});

Deno.test("Vfs.walk: reads each of 100 directories in one another once", async () => {
  await inFolder(async (datadir) => {
    const names = Array.from({ length: 100 }, (_, i) => `d${i}`);
    await using store = new FileStore("files", { datadir });
    await store.add(`${names.join("/")}/image`, new Uint8Array(1));
    await using vfs = new Vfs({ files: store });
    const { readDir } = Deno;
    const read: string[] = [];
    Deno.readDir = (path) => {
      read.push(`${path}`);
      return readDir(path);
    };
    try {
      const paths = await Array.fromAsync(vfs.walk("/files"), ({ path }) => path);
      assertEquals(paths.length, 102);
      const below = await Array.fromAsync(vfs.glob("/files/d0/**/image"), ({ path }) => path);
      assertEquals(below, [`/files/${names.join("/")}/image`]);
    } finally {
      Deno.readDir = readDir;
    }
    assertEquals(read.length, 101 + 100);
  });
});
