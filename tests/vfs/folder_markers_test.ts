/**
 * Directories that a backend keeps though no image is in them: markers of S3 and Swift, empty directories
 * of files. They are shown, walked and removed as directories.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { FileStore } from "@vitrine/vitrine/file";
import { S3Store } from "@vitrine/vitrine/s3";
import { SwiftStore } from "@vitrine/vitrine/swift";
import { Vfs } from "@vitrine/vitrine/vfs";
import { Invalid, NotFound, type SkippedEntry } from "../../mod.ts";
import { inFolder, tree } from "../file/support.ts";
import { TestBucket } from "../s3/bucket.ts";
import { serviceTest } from "../services/mod.ts";
import { account, ceph, container, emptied, swift } from "../swift/servers.ts";

/** A store, and how to put and list what is in it without the driver. */
interface Given {
  vfs: Vfs;
  put(name: string, body?: string, contentType?: string): Promise<void>;
  names(): Promise<string[]>;
}

/** Registers a test on S3 and on Swift, each of two servers. */
function onMarkers(
  name: string,
  body: (given: Given, kind: "s3" | "swift") => Promise<void>,
): void {
  for (const server of ["ceph", "swift"] as const) {
    serviceTest(`${name} (s3 of ${server})`, server, async ({ [server]: { s3 } }) => {
      await using bucket = new TestBucket(s3!);
      await using store = new S3Store("store", bucket.options);
      const client = bucket.client();
      const names = async () => {
        const response = await client.send({ method: "GET", query: { "list-type": "2" } });
        const text = await response.text();
        return [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key!);
      };
      try {
        await client.headers({ method: "PUT" });
        await body({
          vfs: new Vfs({ store }),
          put: async (key, text = "", type) => {
            const headers = type === undefined ? {} : { "content-type": type };
            const body = [new TextEncoder().encode(text)];
            await client.headers({ method: "PUT", key, body, headers });
          },
          names,
        }, "s3");
      } finally {
        for (const key of await names()) await client.headers({ method: "DELETE", key });
        await client.close();
      }
    });
  }
  for (const [server, given] of [["ceph", ceph], ["swift", swift]] as const) {
    serviceTest(`${name} (swift of ${server})`, server, async () => {
      const options = { ...given!, container: container() };
      const at = await account(given!);
      await using store = new SwiftStore("store", options);
      try {
        await at.send("PUT", `/${options.container}`);
        await body({
          vfs: new Vfs({ store }),
          put: async (name, text = "", type = "binary/octet-stream") => {
            await at.send("PUT", `/${options.container}/${name}`, { "content-type": type }, text);
          },
          names: () => at.names(options.container),
        }, "swift");
      } finally {
        await emptied(options);
      }
    });
  }
}

async function shown(vfs: Vfs, path: string): Promise<string[]> {
  return (await Array.fromAsync(vfs.walk(path))).map(({ path }) => path).sort();
}

onMarkers("Vfs.remove: removes the folder markers of a directory with its images", async (
  { vfs, put, names },
) => {
  for (const name of ["iso/", "iso/debian/", "iso/debian/12/", "isolated/", "keep/"]) {
    await put(name);
  }
  await vfs.writeTextFile("/store/iso/debian/12/a.iso", "a");
  await vfs.writeTextFile("/store/iso/b.iso", "b");
  await vfs.writeTextFile("/store/isolated/c.iso", "c");
  await vfs.remove("/store/iso", { recursive: true });
  assertEquals(await names(), ["isolated/", "isolated/c.iso", "keep/"]);
});

onMarkers("Vfs: a directory that is only a folder marker is a directory", async (
  { vfs, put, names },
) => {
  await put("empty/");
  await put("deep/er/");
  assertEquals((await vfs.stat("/store/empty")).isDirectory, true);
  assertEquals(await Array.fromAsync(vfs.readDir("/store/empty")), []);
  assertEquals(await shown(vfs, "/store"), [
    ...["/store", "/store/deep", "/store/deep/er", "/store/empty"],
  ]);
  await assertRejects(() => vfs.stat("/store/nobody"), NotFound);
  await assertRejects(() => Array.fromAsync(vfs.readDir("/store/nobody")), NotFound);
  await assertRejects(() => vfs.remove("/store/empty"), Invalid, "recursive");
  await vfs.remove("/store/empty", { recursive: true });
  await vfs.remove("/store/deep", { recursive: true });
  assertEquals(await names(), []);
});

onMarkers("Vfs.remove: keeps and reports an object named as a marker that holds bytes", async (
  { vfs, put, names },
) => {
  await put("iso/", "notes");
  await put("iso/sub/", "notes");
  await vfs.writeTextFile("/store/iso/a.iso", "a");
  const skipped: string[] = [];
  const onSkipped = ({ path }: SkippedEntry) => void skipped.push(path);
  await vfs.remove("/store/iso", { recursive: true, onSkipped });
  assertEquals(await names(), ["iso/", "iso/sub/"]);
  assertEquals(skipped.sort(), ["/store/iso/", "/store/iso/sub/"]);
  await assertRejects(() => vfs.remove("/store/iso", { recursive: true }), Invalid);
  const store = vfs.stores.getStoreFromStoreIdentifier("store");
  await assertRejects(() => store.removeDirectory("iso"), Invalid, "iso/");
  assertEquals(await names(), ["iso/", "iso/sub/"]);
});

onMarkers("Vfs: an object of the type application/directory is a directory in Swift", async (
  { vfs, put, names },
  kind,
) => {
  for (const name of ["horizon", "iso/sub", "filled"]) {
    await put(name, name === "filled" ? "bytes" : "", "application/directory");
  }
  await vfs.writeTextFile("/store/iso/a.iso", "a");
  const { isDirectory } = await vfs.stat("/store/horizon");
  // S3 shows no types in listings, so that it is an image of no bytes there.
  assertEquals(isDirectory, kind === "swift");
  assert((await vfs.stat("/store/filled")).isFile);
  await vfs.remove("/store/iso", { recursive: true });
  await vfs.remove("/store/horizon", { recursive: true });
  assertEquals(await names(), ["filled"]);
});

Deno.test("Vfs.remove: removes empty directories of files with the images beside them", async () => {
  await inFolder(async (datadir) => {
    await Deno.mkdir(`${datadir}/iso/empty/deeper`, { recursive: true });
    await Deno.mkdir(`${datadir}/other/empty`, { recursive: true });
    await using store = new FileStore("local", { datadir });
    const vfs = new Vfs({ local: store });
    await vfs.writeTextFile("/local/iso/a.iso", "a");
    await vfs.writeTextFile("/local/iso/sub/b.iso", "b");
    await vfs.remove("/local/iso", { recursive: true });
    const left = (await tree(datadir)).filter((path) => !path.startsWith(".vitrine"));
    assertEquals(left.sort(), ["other/", "other/empty/"]);
  });
});

Deno.test("FileStore.removeDirectory: keeps a directory that holds anything, and a link", async () => {
  await inFolder(async (datadir) => {
    await Deno.mkdir(`${datadir}/iso`);
    await Deno.mkdir(`${datadir}/empty`);
    await Deno.writeTextFile(`${datadir}/iso/a.iso`, "a");
    await Deno.symlink("empty", `${datadir}/link`);
    await using store = new FileStore("local", { datadir });
    for (const path of ["iso", "iso/a.iso", "link", "nobody"]) await store.removeDirectory(path);
    assertEquals((await tree(datadir)).sort(), ["empty/", "iso/", "iso/a.iso", "link"]);
    await store.removeDirectory("empty");
    assertEquals((await tree(datadir)).sort(), ["iso/", "iso/a.iso", "link"]);
  });
});
