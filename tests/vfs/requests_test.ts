/**
 * How many requests trees of S3 and Swift take, counted on radosgw and on Swift.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { type Store, Vfs } from "@vitrine/vitrine";
import { FileStore } from "@vitrine/vitrine/file";
import { SwiftStore } from "@vitrine/vitrine/swift";
import { poolMap } from "../../streams/pool_map.ts";
import { inFolder } from "../file/support.ts";
import { TestBucket } from "../s3/bucket.ts";
import { serviceTest } from "../services/mod.ts";
import { container, emptied, swift } from "../swift/servers.ts";

const DIRECTORIES = 16;
/** How many images each directory has. */
const EACH = 2;
/** How many names a page of Swift has here. */
const PAGE = 12;

/** A store whose requests are recorded. */
interface Recorded {
  store: Store;
  requests: { method: string; url: URL }[];
  /** How many requests a listing of all images takes. */
  pages: number;
}

/** Runs a test on a bucket and on a container. */
function onClouds(name: string, test: (recorded: Recorded) => Promise<void>): void {
  const requests: Recorded["requests"] = [];
  const send = (address: string, init: RequestInit) => {
    requests.push({ method: init.method ?? "GET", url: new URL(address) });
    return fetch(address, init);
  };
  serviceTest(`${name} (S3)`, "ceph", async ({ ceph }) => {
    await using bucket = new TestBucket(ceph.s3, { fetch: send });
    await test({ store: bucket.store, requests, pages: 1 });
  });
  serviceTest(`${name} (Swift)`, "swift", async () => {
    const paged = (address: string, init: RequestInit) => {
      const url = new URL(address);
      if (url.searchParams.has("format")) url.searchParams.set("limit", `${PAGE}`);
      return send(url.href, init);
    };
    const options = { ...swift!, container: container(), fetch: paged };
    await using store = new SwiftStore("swift", options);
    try {
      // The last page is followed by one without names.
      await test({ store, requests, pages: Math.ceil(DIRECTORIES * EACH / PAGE) + 1 });
    } finally {
      await emptied(options);
    }
  });
}

/** Adds images to a store, in directories. */
async function fill(store: Store): Promise<string[]> {
  const ids = Array.from({ length: DIRECTORIES * EACH }, (_, i) => {
    return `tree/d${String(i % DIRECTORIES).padStart(3, "0")}/${Math.floor(i / DIRECTORIES)}.raw`;
  });
  await poolMap(ids, 8, (id) => store.add(id, new TextEncoder().encode(id)));
  return ids.sort();
}

onClouds(
  "Vfs.glob: takes one listing for all directories, of what is below the literal names",
  async ({ store, requests, pages }) => {
    const ids = await fill(store);
    await store.add("elsewhere/x.raw", new Uint8Array(1));
    const vfs = new Vfs({ [store.name]: store });
    requests.length = 0;
    const found = await Array.fromAsync(
      vfs.glob(`/${store.name}/tree/**/*.raw`),
      ({ path }) => path,
    );
    assertEquals(found.sort(), ids.map((id) => `/${store.name}/${id}`));
    assertEquals(requests.length, pages);
    for (const { url } of requests) assertEquals(url.searchParams.get("prefix"), "tree/");
    requests.length = 0;
    const level = await Array.fromAsync(
      vfs.glob(`/${store.name}/tree/d00[0-4]/1.raw`),
      ({ path }) => path,
    );
    assertEquals(level.length, 5);
    // A listing of one level, and a look at each of the five.
    assertEquals(requests.filter(({ method }) => method === "HEAD").length, 5);
  },
);

onClouds(
  "Vfs.syncTree: takes one listing of each side where nothing has changed",
  async ({ store, requests, pages }) => {
    const ids = await fill(store);
    await inFolder(async (datadir) => {
      await using local = new FileStore("local", { datadir });
      for (const id of ids) await local.add(id, new TextEncoder().encode(id));
      const vfs = new Vfs({ [store.name]: store, local });
      requests.length = 0;
      const { states } = await vfs.syncTree("/local/tree", `/${store.name}/tree`);
      assertEquals(states, { same: ids.length });
      // Beside the pages, it is looked whether the target is an image, and whether it is a directory.
      assert(requests.length <= pages + 3, `${requests.length} requests`);
    });
  },
);
