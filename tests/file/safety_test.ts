/**
 * Nothing is lost, falsified or hidden: digests of changed and moved images, names that are taken off the
 * right file, and reading that changes nothing.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  BackendException,
  ChecksumMismatch,
  Forbidden,
  ImageChanged,
  NotFound,
  type SkippedEntry,
} from "@vitrine/vitrine";
import { FileStore } from "@vitrine/vitrine/file";
import { digestsOf, forgetDigests, keepDigests } from "../../drivers/file/digests.ts";
import { Io } from "../../drivers/file/io.ts";
import { stat } from "node:fs/promises";
import { inFolder, installed, litter, run, tree } from "./support.ts";

const isLinux = Deno.build.os === "linux";

async function verify(store: FileStore, imageId: string): Promise<void> {
  const { stream } = await store.get(imageId, { verify: true });
  await stream.pipeTo(new WritableStream());
}

Deno.test("FileStore: an image that was written to after it was added is not what was added", async () => {
  await inFolder(async (datadir) => {
    const store = new FileStore("files", { datadir });
    const { checksum, multihash } = await store.add("debian.qcow2", new Blob(["as it was added"]));
    await Deno.writeTextFile(`${datadir}/debian.qcow2`, "booted");
    const info = await store.stat("debian.qcow2");
    assertEquals([info.checksum, info.multihash], [undefined, undefined]);
    assertEquals(info.recorded, { checksum, multihash });
    await assertRejects(() => verify(store, "debian.qcow2"), ChecksumMismatch);
    await assertRejects(() => store.copy("debian.qcow2", "copy"), ChecksumMismatch);
    await assertRejects(() => store.stat("copy"), NotFound);
    await store.rename("debian.qcow2", "deep/renamed");
    assertEquals((await store.stat("deep/renamed")).recorded, { checksum, multihash });
    await store.copy("deep/renamed", "copy", { verify: false });
    await verify(store, "copy");
    for (const imageId of ["copy", "deep/renamed"]) await store.delete(imageId);
    assertEquals(await litter(datadir), []);
  });
});

Deno.test("FileStore: an image with a new date alone is still what was added", async () => {
  await inFolder(async (datadir) => {
    const store = new FileStore("files", { datadir });
    await store.add("a", new Blob(["hello"]));
    await Deno.utime(`${datadir}/a`, 1, 1);
    await verify(store, "a");
    await store.copy("a", "b");
    await verify(store, "b");
  });
});

for (
  const [how, copy] of Object.entries({
    "cp -a": (from: string, to: string) => run("cp", "-a", from, to),
    "tar": (from: string, to: string) =>
      run("sh", "-c", `mkdir '${to}' && tar -C '${from}' -cf - . | tar -C '${to}' -xf -`),
  })
) {
  Deno.test({
    name: `FileStore: digests stay with a datadir that is moved by ${how}`,
    ignore: !isLinux,
    fn: () =>
      inFolder(async (folder) => {
        await Deno.mkdir(`${folder}/old`);
        const before = new FileStore("files", { datadir: `${folder}/old` });
        const { checksum } = await before.add("iso/a.iso", new Blob(["hello"]));
        await before.add("b", new Blob(["world"]));
        await copy(`${folder}/old`, `${folder}/new`);
        await Deno.remove(`${folder}/old`, { recursive: true });
        const datadir = `${folder}/new`;
        const after = new FileStore("files", { datadir });
        assertEquals((await after.stat("iso/a.iso")).checksum, checksum);
        for (const imageId of ["iso/a.iso", "b"]) await verify(after, imageId);
        await Array.fromAsync(after.gc({ olderThan: 0 }));
        assertEquals((await after.stat("iso/a.iso")).checksum, checksum);
        await Deno.writeTextFile(`${datadir}/b`, "other");
        await assertRejects(() => verify(after, "b"), ChecksumMismatch);
      }),
  });
}

Deno.test("FileStore: reads the digests that version 0.1 wrote", async () => {
  await inFolder(async (datadir) => {
    await Deno.mkdir(`${datadir}/.vitrine/digests`, { recursive: true });
    const recordFirst = async (imageId: string) => {
      await Deno.writeTextFile(`${datadir}/${imageId}`, "hello");
      const { ino, size, mtimeMs } = await stat(`${datadir}/${imageId}`, { bigint: true });
      const identity = [ino, size, mtimeMs].map((part) => part.toString(16)).join("-");
      const checksum = "5d41402abc4b2a76b9719d911017c592";
      const text = JSON.stringify({ identity, checksum });
      await Deno.writeTextFile(`${datadir}/.vitrine/digests/${ino}.json`, text);
      return checksum;
    };
    const store = new FileStore("files", { datadir });
    const checksum = await recordFirst("same");
    await recordFirst("changed");
    await Deno.writeTextFile(`${datadir}/changed`, "longer than it was");
    assertEquals((await store.stat("same")).checksum, checksum);
    await verify(store, "same");
    await store.rename("same", "renamed");
    assertEquals((await store.stat("renamed")).checksum, checksum);
    await store.delete("renamed");
    if ((await stat(`${datadir}/changed`, { bigint: true })).birthtimeMs > 0n) {
      assertEquals((await store.stat("changed")).recorded?.checksum, checksum);
      await assertRejects(() => verify(store, "changed"), ChecksumMismatch);
    }
    await store.delete("changed");
    assertEquals(await litter(datadir), []);
  });
});

Deno.test("FileStore.recordDigests: an image of another program can be verified from then on", async () => {
  await inFolder(async (datadir) => {
    const store = new FileStore("files", { datadir, filePerm: 600 });
    await Deno.writeTextFile(`${datadir}/foreign`, "hello", { mode: 0o600 });
    const { checksum } = await store.recordDigests("foreign");
    assertEquals((await store.stat("foreign")).checksum, checksum);
    await verify(store, "foreign");
    for (const path of await tree(`${datadir}/.vitrine/digests`)) {
      const { mode, isFile } = await Deno.stat(`${datadir}/.vitrine/digests/${path}`);
      if (isFile) assertEquals(mode! & 0o777, 0o600);
    }
  });
});

Deno.test("forgetDigests: leaves the digests of an image that took the path meanwhile", async () => {
  await inFolder(async (datadir) => {
    await new FileStore("files", { datadir }).add("other", new Uint8Array(1));
    const io = new Io(4096, 0);
    const [old, young] = await Promise.all(["old", "young"].map(async (name) => {
      await Deno.writeTextFile(`${datadir}/${name}`, name);
      return { datadir, imageId: "a", stats: await stat(`${datadir}/${name}`, { bigint: true }) };
    }));
    const owner = await Deno.stat(datadir) as { uid: number; gid: number; mode: number };
    await keepDigests(io, old!, { checksum: "0".repeat(32) }, owner);
    await keepDigests(io, young!, { checksum: "1".repeat(32) }, owner);
    await forgetDigests(io, old!);
    assertEquals((await digestsOf(io, young!))?.checksum, "1".repeat(32));
  });
});

Deno.test({
  name: "FileStore.delete: takes no name off outside the datadir while a directory is swapped",
  ignore: !isLinux || !await installed("python3"),
  fn: () =>
    inFolder(async (folder) => {
      const [data, outside] = [`${folder}/data`, `${folder}/outside`];
      await Deno.mkdir(`${data}/real`, { recursive: true });
      await Deno.mkdir(outside);
      await Deno.writeTextFile(`${outside}/img`, "outside");
      await Deno.symlink("real", `${data}/d`);
      const swapper = new Deno.Command("python3", {
        args: ["-c", SWAPPER, data, outside],
        stdin: "piped",
      }).spawn();
      const store = new FileStore("files", { datadir: data });
      let deleted = 0;
      for (let i = 0; i < 600; i++) {
        const operation = i % 3 === 0
          ? store.rename("d/img", `r${i}`)
          : i % 3 === 1
          ? store.add(`d/n${i}`, new Uint8Array(1)).then(({ location }) => store.delete(location))
          : store.delete("d/img");
        await operation.then(() => deleted++, (error) => {
          const isExpected = error instanceof NotFound || error instanceof Forbidden ||
            error instanceof ImageChanged || error instanceof BackendException;
          assert(isExpected, `${error}`);
        });
        assertEquals(await Deno.readTextFile(`${outside}/img`), "outside");
      }
      await swapper.stdin.close();
      await swapper.status;
      assertEquals(await tree(outside), ["img"]);
      assert(deleted > 0, "no operation succeeded");
    }),
});

/** Swaps a link between the datadir and the outside until its input ends, and makes the image again. */
const SWAPPER = `
import os, select, sys
data, outside = sys.argv[1:]
i = 0
while not select.select([sys.stdin], [], [], 0)[0]:
    os.symlink(['real', outside][i % 2], data + '/.next')
    os.rename(data + '/.next', data + '/d')
    i += 1
    try:
        os.close(os.open(data + '/real/img', os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        pass
`;

Deno.test("FileStore.rename: of several renames of one image at once, one wins", async () => {
  await inFolder(async (datadir) => {
    const stores = [0, 1].map((i) => new FileStore(`files${i}`, { datadir }));
    for (let round = 0; round < 20; round++) {
      await stores[0]!.add("source", new Blob(["hello"]));
      const results = await Promise.allSettled([
        ...["b", "c", "sub/d"].map((name, i) => stores[i % 2]!.rename("source", name)),
        ...round % 2 ? [stores[1]!.delete("source")] : [],
      ]);
      const won = results.filter(({ status }) => status === "fulfilled").length;
      assertEquals(won, 1, JSON.stringify(results));
      const left = await Array.fromAsync(stores[0]!.list({ recursive: true }));
      assertEquals(left.length, results[3]?.status === "fulfilled" ? 0 : 1);
      for (const { path } of left) {
        await verify(stores[0]!, path);
        await stores[0]!.delete(path);
      }
    }
    assertEquals(await litter(datadir), []);
  });
});

Deno.test("FileStore: reading creates nothing", async () => {
  await inFolder(async (datadir) => {
    await Deno.writeTextFile(`${datadir}/there`, "hello");
    const before = await stat(datadir, { bigint: true });
    const store = new FileStore("files", { datadir });
    await store.configure();
    await Array.fromAsync(store.list({ recursive: true }));
    await Array.fromAsync(store.gc({ dryRun: true }));
    await store.stat("there");
    await new Response((await store.get("there")).stream).text();
    await assertRejects(() => store.delete("missing"), NotFound);
    assertEquals(await tree(datadir), ["there"]);
    assertEquals((await stat(datadir, { bigint: true })).mtimeNs, before.mtimeNs);
  });
});

Deno.test({
  name: "FileStore.add: what root creates belongs to the owner of the datadir, and has its mode",
  ignore: !isLinux || Deno.uid() !== 0,
  fn: () =>
    inFolder(async (datadir) => {
      await Deno.chown(datadir, 1001, 1002);
      await Deno.chmod(datadir, 0o2775);
      const store = new FileStore("files", { datadir });
      await store.add("made/for/image", new Blob(["hello"]));
      for (const path of await tree(datadir)) {
        const { uid, gid, mode, isDirectory } = await Deno.stat(`${datadir}/${path}`);
        assertEquals([uid, gid], [1001, 1002], path);
        if (isDirectory) assertEquals((mode! & 0o7777).toString(8), "2775", path);
      }
    }),
});

Deno.test("FileStore: a datadir that cannot be read is reported, and hides no image of another", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/there`);
    await Deno.writeTextFile(`${folder}/there/a`, "hello");
    const store = new FileStore("files", {
      datadirs: [`${folder}/unmounted:2`, `${folder}/there:1`],
    });
    const skipped: string[] = [];
    const onSkipped = ({ path }: SkippedEntry) => void skipped.push(path);
    const listed = await Array.fromAsync(store.list({ onSkipped }));
    assertEquals(listed.map(({ path }) => path), ["a"]);
    assertEquals(skipped, [`${folder}/unmounted`]);
    assertEquals(await new Response((await store.get("a")).stream).text(), "hello");
    await assertRejects(() => store.get("b"), BackendException, "unmounted is missing");
    assertEquals(await tree(folder), ["there/", "there/a"]);
  });
});

Deno.test("FileStore.list: reports links that lead out or nowhere, and what is no file", async () => {
  await inFolder(async (folder) => {
    const datadir = `${folder}/images`;
    await Deno.mkdir(`${datadir}/sub`, { recursive: true });
    await Deno.writeTextFile(`${folder}/secret`, "secret");
    await Deno.writeTextFile(`${datadir}/sub/image`, "hello");
    await Deno.symlink("../secret", `${datadir}/out`);
    await Deno.symlink("nowhere", `${datadir}/dangling`);
    await Deno.symlink("..", `${datadir}/sub/up`);
    if (isLinux) await run("mkfifo", `${datadir}/fifo`);
    const store = new FileStore("files", { datadir });
    for (const recursive of [true, false]) {
      const skipped: string[] = [];
      const onSkipped = ({ path, reason }: SkippedEntry) => {
        skipped.push(`${path}: ${reason.constructor.name}`);
      };
      const listed = await Array.fromAsync(store.list({ recursive, onSkipped }));
      assertEquals(listed.map(({ path }) => path), [recursive ? "sub/image" : "sub"]);
      const here = ["dangling: NotFound", ...isLinux ? ["fifo: Invalid"] : [], "out: Forbidden"];
      assertEquals(skipped.filter((line) => !line.startsWith("sub/")).sort(), here);
      if (recursive) assert(skipped.includes("sub/up: Invalid"), skipped.join());
    }
  });
});
