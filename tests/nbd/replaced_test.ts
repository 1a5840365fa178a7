/**
 * An image that is replaced while a client uses it.
 *
 * @module
 */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { FileStore } from "../../drivers/file/mod.ts";
import { HttpStore } from "../../drivers/http/mod.ts";
import { MemoryStore } from "../../drivers/memory/mod.ts";
import { SwiftStore } from "../../drivers/swift/mod.ts";
import { ImageChanged } from "../../errors/mod.ts";
import type { Store } from "../../mod.ts";
import { storeOn } from "../rbd/support.ts";
import { TestBucket } from "../s3/bucket.ts";
import { serviceTest } from "../services/mod.ts";
import { container, emptied, swift } from "../swift/servers.ts";
import { RawClient, request } from "./raw_client.ts";
import { ServedImages } from "./served_images.ts";

const SIZE = 1024 * 1024;
const IO_ERROR = 5;
/** Stores are shared by tests. */
const IMAGE = `replaced-${crypto.randomUUID()}`;

/** Reads an image in blocks of 64 KiB, replaces it after the fourth, and returns what came. */
async function readReplaced(
  store: Store,
  replace: () => Promise<unknown>,
  writeStore: Store = store,
): Promise<{ values: Set<number>; errors: number; served: ServedImages }> {
  const served = await ServedImages.start({ [store.name]: store });
  await writeStore.add(IMAGE, new Uint8Array(SIZE).fill(1));
  using client = await RawClient.open(served.server.port, `${store.name}/${IMAGE}`);
  const values = new Set<number>();
  let errors = 0;
  for (let at = 0; at < SIZE; at += 65_536) {
    if (at === 4 * 65_536) await replace();
    await client.send(request(0, at, 65_536));
    const errno = await client.simpleReply();
    if (errno !== 0) {
      assertEquals(errno, IO_ERROR);
      errors++;
      continue;
    }
    for (const value of await client.read(65_536)) values.add(value);
  }
  return { values, errors, served };
}

async function replaceImage(store: Store): Promise<void> {
  await store.delete(IMAGE);
  await store.add(IMAGE, new Uint8Array(SIZE).fill(2));
}

Deno.test("serveNbd: an image that is replaced gives its own bytes or errors (memory)", async () => {
  const store = new MemoryStore("s");
  const { values, served } = await readReplaced(store, () => replaceImage(store));
  await using _ = served;
  assertEquals([...values], [1]);
});

Deno.test("serveNbd: an image that is replaced gives its own bytes (file)", async () => {
  const datadir = await Deno.makeTempDir();
  const store = new FileStore("s", { datadir });
  {
    const { values, errors, served } = await readReplaced(store, () => replaceImage(store));
    await using _ = served;
    assertEquals([[...values], errors], [[1], 0]);
  }
  await Deno.remove(datadir, { recursive: true });
});

Deno.test("serveNbd: a file that is written in place gives EIO and one line in the log", async () => {
  const datadir = await Deno.makeTempDir();
  const store = new FileStore("s", { datadir });
  {
    const { values, errors, served } = await readReplaced(store, async () => {
      using file = await Deno.open(`${datadir}/${IMAGE}`, { write: true });
      const bytes = new Uint8Array(SIZE).fill(2);
      for (let at = 0; at < SIZE;) at += await file.write(bytes.subarray(at));
      await file.utime(1, 1);
    });
    await using _ = served;
    assertEquals([[...values], errors], [[1], 12]);
    assertEquals(served.failures.length, 1);
    assertInstanceOf(served.failures[0]!.error, ImageChanged);
    // A new connection gets the image that is there now.
    using client = await RawClient.open(served.server.port, `s/${IMAGE}`);
    await client.send(request(0, 0, 1));
    assertEquals(await client.simpleReply(), 0);
    assertEquals(await client.read(1), new Uint8Array([2]));
  }
  await Deno.remove(datadir, { recursive: true });
});

serviceTest(
  "serveNbd: an image that is replaced gives its own bytes or errors (S3)",
  "ceph",
  async ({
    ceph,
  }) => {
    await using bucket = new TestBucket(ceph["s3"]);
    const { store } = bucket;
    const { values, errors, served } = await readReplaced(store, () => replaceImage(store));
    await using _ = served;
    assertEquals([...values], [1]);
    assertEquals(served.failures.length, errors > 0 ? 1 : 0);
  },
);

serviceTest(
  "serveNbd: an image that is replaced gives its own bytes, then errors (Swift)",
  "swift",
  async () => {
    const options = { ...swift!, container: container() };
    const store = new SwiftStore("s", options);
    const { values, errors, served } = await readReplaced(store, () => replaceImage(store));
    {
      await using _ = served;
      assertEquals([...values], [1]);
      assertEquals([errors > 0, served.failures.length], [true, 1]);
    }
    await emptied(options);
  },
);

serviceTest(
  "serveNbd: an image that is replaced gives its own bytes, then errors (a web server)",
  "nginx",
  async ({ nginx }) => {
    const root = await Deno.makeTempDir({ dir: nginx["root"], prefix: "nbd-" });
    await Deno.chmod(root, 0o755);
    const files = new FileStore("files", { datadir: root });
    const store = new HttpStore("s", {
      baseUrl: `${nginx["url"]}${root.slice(nginx["root"].length + 1)}/`,
    });
    const { values, errors, served } = await readReplaced(store, async () => {
      await replaceImage(files);
      // The entity tag of nginx is made of size and second.
      await Deno.utime(`${root}/${IMAGE}`, 1, 1);
    }, files);
    {
      await using _ = served;
      assertEquals([...values], [1]);
      assertEquals([errors > 0, served.failures.length], [true, 1]);
    }
    await Deno.remove(root, { recursive: true });
  },
);

serviceTest(
  "serveNbd: an image that is replaced gives its own bytes, then errors (RBD)",
  "ceph",
  async (
    endpoints,
  ) => {
    const store = storeOn(endpoints.ceph);
    const { values, errors, served } = await readReplaced(store, () => replaceImage(store));
    await using _ = served;
    assertEquals([...values], [1]);
    assertEquals([errors > 0, served.failures.length], [true, 1]);
    await store.delete(IMAGE);
  },
);

Deno.test("serveNbd: connections that begin within seconds read the same image", async () => {
  const store = new MemoryStore("s");
  await using served = await ServedImages.start({ s: store });
  await store.add(IMAGE, new Uint8Array(8).fill(1));
  using first = await RawClient.open(served.server.port, `s/${IMAGE}`);
  await store.delete(IMAGE);
  await store.add(IMAGE, new Uint8Array(8).fill(2));
  using second = await RawClient.open(served.server.port, `s/${IMAGE}`);
  for (const client of [first, second]) {
    await client.send(request(0, 0, 8));
    const errno = await client.simpleReply();
    assert(errno === IO_ERROR || (await client.read(8)).every((value) => value === 1));
  }
});
