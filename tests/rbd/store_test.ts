/**
 * What holds for images on Ceph beyond the contract of all stores.
 *
 * @module
 */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  BackendException,
  BadStoreUri,
  BitMasks,
  Duplicate,
  Forbidden,
  InUseByStore,
  Invalid,
  NotFound,
  StoreError,
  TimeoutError,
} from "@vitrine/vitrine";
import { RbdLocation } from "@vitrine/vitrine/rbd";
import { PoolClient } from "../../drivers/rbd/client.ts";
import { SNAPSHOT } from "../../drivers/rbd/location.ts";
import { program } from "../services/service.ts";
import { serviceTest } from "../services/mod.ts";
import { run } from "../services/processes.ts";
import { clockAt } from "../s3/clock.ts";
import { ceph, freshId, MIB, objects, randomBytes, rbd, sha512, storeOn } from "./support.ts";

async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

serviceTest(
  "RbdStore.add: an image is what `rbd` expects of glance_store's",
  "ceph",
  async ({ ceph }) => {
    for (const [chunkSize, order] of [[1, 20], [3, 21], [8, 23], [32, 25]]) {
      await using store = storeOn(ceph, { chunkSize: chunkSize! });
      const id = freshId();
      await store.add(id, randomBytes(3 * MIB));
      const info = JSON.parse(await rbd(ceph, "info", id, "--format=json"));
      assertEquals([info.size, info.order, info.format], [3 * MIB, order, 2]);
      assert(info.features.includes("layering"));
      const snapshots = JSON.parse(await rbd(ceph, "snap", "ls", id, "--format=json"));
      assertEquals(snapshots.map((one: Record<string, unknown>) => [one.name, one.protected]), [
        ["snap", "true"],
      ]);
      await store.delete(id);
    }
  },
);

serviceTest(
  "RbdStore.add: `rbd export` gives the bytes of the multihash",
  "ceph",
  async ({ ceph }) => {
    await using store = storeOn(ceph);
    const id = freshId();
    const { multihash } = await store.add(id, randomBytes(21 * MIB + 12345));
    const script = `"$0" -c "$1" export --no-progress "$2/$3@snap" - | sha512sum`;
    const { stdout } = await new Deno.Command("sh", {
      args: ["-c", script, program("rbd")!, ceph.confPath, ceph.pool, id],
    }).output();
    assertEquals(new TextDecoder().decode(stdout).split(" ")[0], multihash.value);
    await store.delete(id);
  },
);

serviceTest(
  "RbdStore.add: an image of unknown size is as large as its data",
  "ceph",
  async ({ ceph }) => {
    await using store = storeOn(ceph);
    for (const size of [0, 1, 70 * MIB + 1]) {
      const id = freshId();
      const bytes = randomBytes(size);
      await store.add(id, new Blob([bytes]).stream());
      assertEquals(JSON.parse(await rbd(ceph, "info", id, "--format=json")).size, size);
      assertEquals(await sha512(await bytesOf((await store.get(id)).stream)), await sha512(bytes));
      await store.delete(id);
    }
  },
);

serviceTest(
  "RbdStore.stat: gives what `rbd` gives, the digests and the space",
  "ceph",
  async ({ ceph }) => {
    await using store = storeOn(ceph);
    const id = freshId();
    const { checksum, multihash } = await store.add(id, randomBytes(9 * MIB));
    const stat = await store.stat(id);
    const info = JSON.parse(await rbd(ceph, "info", id, "--format=json"));
    const du = JSON.parse(await rbd(ceph, "du", `${id}@snap`, "--format=json"));
    assertEquals(stat.size, 9 * MIB);
    assertEquals([stat.checksum, stat.multihash], [checksum, multihash]);
    assertEquals(stat.etag?.startsWith(`"${info.id}-`), true);
    const features = (stat.metadata?.["features"] as string[]).sort();
    assertEquals({ ...stat.metadata, features }, {
      order: info.order,
      features: info.features.sort(),
      usedBytes: du.images[0].used_size,
      parent: undefined,
    });
    assert(Math.abs(stat.modified!.getTime() - Date.now()) < 60_000);
    await store.delete(id);
  },
);

serviceTest(
  "RbdStore.add: zeros take no space where provisioning is thin",
  "ceph",
  async ({ ceph }) => {
    const zeros = new Uint8Array(24 * MIB);
    const bytes = new Uint8Array(73 * MIB + 5);
    bytes.set(randomBytes(8 * MIB), 16 * MIB);
    bytes.set([1], 40 * MIB - 1);
    for (const thinProvisioning of [true, false]) {
      await using store = storeOn(ceph, { thinProvisioning });
      assertEquals(store.isCapable(BitMasks.SPARSE), thinProvisioning);
      const id = freshId();
      await store.add(id, bytes);
      const du = JSON.parse(await rbd(ceph, "du", `${id}@snap`, "--format=json"));
      const used = du.images[0].used_size;
      // Two objects of 8 MiB hold data.
      assertEquals(used, thinProvisioning ? 16 * MIB : bytes.length);
      assertEquals((await store.stat(id)).metadata?.["usedBytes"], used);
      assertEquals(await sha512(await bytesOf((await store.get(id)).stream)), await sha512(bytes));
      await store.add(`${id}-zeros`, new Blob([zeros]).stream());
      assertEquals(await store.getSize(`${id}-zeros`), zeros.length);
      await store.delete(id);
      await store.delete(`${id}-zeros`);
    }
  },
);

serviceTest(
  "RbdStore.stat: what has no snapshot `snap` is not there, but its name is taken",
  "ceph",
  async ({ ceph }) => {
    await using store = storeOn(ceph);
    const id = freshId();
    await rbd(ceph, "create", "--size=1M", id);
    await assertRejects(() => store.get(id), NotFound);
    await assertRejects(() => store.get(`rbd://${id}`), NotFound);
    await assertRejects(() => store.stat(id), NotFound);
    await assertRejects(() => store.delete(id), NotFound);
    await assertRejects(() => store.rename(id, freshId()), NotFound);
    assertEquals((await Array.fromAsync(store.list())).some(({ path }) => path === id), false);
    await assertRejects(() => store.add(id, randomBytes(1)), Duplicate);
    await rbd(ceph, "rm", "--no-progress", id);
  },
);

serviceTest(
  "RbdStore.get: a location of another cluster or pool is refused",
  "ceph",
  async ({ ceph }) => {
    await using store = storeOn(ceph);
    const id = freshId();
    const { location } = await store.add(id, randomBytes(10));
    assertEquals(location.uri(), `rbd://${ceph.fsid}/${ceph.pool}/${id}/snap`);
    for (const [fsid, pool] of [[crypto.randomUUID(), ceph.pool], [ceph.fsid, "volumes"]]) {
      const other = new RbdLocation(fsid, pool, id);
      await assertRejects(() => store.get(other), BadStoreUri);
      await assertRejects(() => store.delete(other), BadStoreUri);
    }
    assertEquals((await store.stat(`rbd://${id}`)).size, 10);
    await store.delete(id);
  },
);

serviceTest(
  "RbdStore.get: another snapshot can be read, and nothing else",
  "ceph",
  async ({ ceph }) => {
    await using store = storeOn(ceph);
    const id = freshId();
    const bytes = randomBytes(10);
    await store.add(id, bytes);
    await rbd(ceph, "snap", "create", "--no-progress", `${id}@mine`);
    const other = new RbdLocation(ceph.fsid, ceph.pool, id, "mine");
    assertEquals(await bytesOf((await store.get(other)).stream), bytes);
    await assertRejects(() => store.delete(other), Invalid);
    await assertRejects(() => store.rename(other, freshId()), Invalid);
    await assertRejects(
      () => store.get(new RbdLocation(ceph.fsid, ceph.pool, id, "none")),
      NotFound,
    );
    await rbd(ceph, "snap", "rm", "--no-progress", `${id}@mine`);
    await store.delete(id);
  },
);

serviceTest("RbdStore.delete: leaves nothing in the pool", "ceph-bluestore", async (endpoints) => {
  const cluster = endpoints["ceph-bluestore"];
  await using store = storeOn(cluster);
  const id = freshId();
  await store.add(id, randomBytes(20 * MIB));
  const { image, imageId } = await idsOf(cluster, id);
  assert((await objects(cluster)).some((name) => name.includes(imageId)));
  await store.delete(id);
  const left = (await objects(cluster)).filter((name) =>
    name.includes(imageId) || name.includes(image)
  );
  assertEquals(left, []);
});

async function idsOf(cluster: Record<string, string>, image: string) {
  return { image, imageId: JSON.parse(await rbd(cluster, "info", image, "--format=json")).id };
}

serviceTest(
  "RbdStore.delete: an image with clones is InUseByStore until they are flat",
  "ceph",
  async ({ ceph }) => {
    await using store = storeOn(ceph);
    const [parent, child] = [freshId(), freshId()];
    const bytes = randomBytes(12 * MIB);
    const added = await store.add(parent, bytes);
    const location = await store.clone(parent, child);
    assertEquals(location.imageId, child);
    const stat = await store.stat(child);
    assertEquals(stat.metadata?.["parent"], added.location.uri());
    assertEquals([stat.size, stat.checksum], [bytes.length, added.checksum]);
    assertEquals(stat.metadata?.["usedBytes"], 0);
    assertEquals(
      await sha512(await bytesOf((await store.get(child)).stream)),
      added.multihash.value,
    );
    await assertRejects(() => store.clone(parent, child), Duplicate);
    await assertRejects(() => store.clone(freshId(), freshId()), NotFound);

    await assertRejects(() => store.delete(parent), InUseByStore);
    assertEquals(
      await sha512(await bytesOf((await store.get(parent)).stream)),
      added.multihash.value,
    );
    await store.flatten(child);
    await store.flatten(parent);
    assertEquals((await store.stat(child)).metadata?.["parent"], undefined);
    await store.delete(parent);
    assertEquals(
      await sha512(await bytesOf((await store.get(child)).stream)),
      added.multihash.value,
    );
    await store.delete(child);
  },
);

serviceTest(
  "RbdStore.delete: an image that a client has open is InUseByStore and stays whole",
  "ceph",
  async ({ ceph }) => {
    await using store = storeOn(ceph);
    const id = freshId();
    const bytes = randomBytes(MIB);
    await store.add(id, bytes);
    {
      const { confPath: cephConf, user, pool } = ceph;
      await using other = await PoolClient.open({ cephConf, user, pool, connectTimeout: 60 });
      await using _image = await other.openImage(id);
      await assertRejects(() => store.delete(id), InUseByStore);
      assertEquals(await bytesOf((await store.get(id)).stream), bytes);
    }
    await store.delete(id);
  },
);

serviceTest(
  "RbdStore.delete: an image that cannot be removed at the last step is whole again",
  "ceph",
  async ({ ceph }) => {
    await using store = storeOn(ceph);
    const bytes = randomBytes(MIB);
    const remove = PoolClient.prototype.remove;
    for (const failure of [new InUseByStore("in use"), new BackendException("no"), "renamed"]) {
      const [id, renamed] = [freshId(), freshId()];
      await store.add(id, bytes);
      PoolClient.prototype.remove = async function (name) {
        if (typeof failure !== "string") throw failure;
        await rbd(ceph, "mv", id, renamed);
        await remove.call(this, name);
      };
      try {
        await assertRejects(() => store.delete(id), StoreError);
      } finally {
        PoolClient.prototype.remove = remove;
      }
      const name = typeof failure === "string" ? renamed : id;
      assertEquals(await bytesOf((await store.get(name)).stream), bytes);
      assertEquals(await isProtected(ceph, name), true);
      await store.delete(name);
    }
  },
);

serviceTest(
  "RbdStore.delete: an image of a group stays whole and is InUseByStore",
  "ceph",
  async ({ ceph }) => {
    await using store = storeOn(ceph);
    const [id, group] = [freshId(), freshId()];
    const bytes = randomBytes(MIB);
    await store.add(id, bytes);
    await rbd(ceph, "group", "create", group);
    await rbd(ceph, "group", "image", "add", `${ceph.pool}/${group}`, `${ceph.pool}/${id}`);
    await assertRejects(() => store.delete(id), InUseByStore, "belongs to a group");
    assertEquals(await bytesOf((await store.get(id)).stream), bytes);
    assertEquals(await isProtected(ceph, id), true);
    await rbd(ceph, "group", "rm", group);
    await store.delete(id);
    await assertRejects(() => store.get(id), NotFound);
  },
);

serviceTest(
  "RbdStore.delete: an image that is being migrated stays whole",
  "ceph",
  async ({ ceph }) => {
    await using store = storeOn(ceph);
    const id = freshId();
    const bytes = randomBytes(MIB);
    await store.add(id, bytes);
    const place = `${ceph.pool}/${id}`;
    await rbd(ceph, "migration", "prepare", place, place);
    await assertRejects(() => store.delete(id), StoreError);
    assertEquals(await isProtected(ceph, id), true);
    assertEquals(await bytesOf((await store.get(id)).stream), bytes);
    await rbd(ceph, "migration", "abort", "--no-progress", place);
    assertEquals(await bytesOf((await store.get(id)).stream), bytes);
    await store.delete(id);
  },
);

serviceTest(
  "RbdStore.delete: an image with clones in a pool that may not be read is InUseByStore",
  "ceph-bluestore",
  async (endpoints) => {
    const cluster = endpoints["ceph-bluestore"]!;
    const [id, pool] = [freshId(), `children-${freshId()}`];
    // The store's user may use its own pool alone.
    await using store = storeOn(cluster);
    const bytes = randomBytes(MIB);
    await store.add(id, bytes);
    await ceph(cluster, "osd", "pool", "create", pool, "1");
    try {
      await rbd(cluster, "clone", `${id}@snap`, `${pool}/child`);
      await assertRejects(() => store.delete(id), InUseByStore, "has clones");
      assertEquals(await isProtected(cluster, id), true);
      assertEquals(await bytesOf((await store.get(id)).stream), bytes);
      await rbd({ ...cluster, pool }, "rm", "--no-progress", "child");
      await store.delete(id);
    } finally {
      await ceph(cluster, "osd", "pool", "rm", pool, pool, "--yes-i-really-really-mean-it");
    }
  },
);

serviceTest(
  "RbdStore.gc: never removes a whole image, whatever its name",
  "ceph",
  async ({ ceph }) => {
    await using store = storeOn(ceph);
    const id = `.vitrine-0123456789abcdef-${freshId()}`;
    await store.add(id, randomBytes(10));
    await Array.fromAsync(store.gc({ olderThan: -60_000, onSkipped() {} }));
    assertEquals(await store.getSize(id), 10);
    await store.delete(id);
  },
);

serviceTest(
  "RbdStore.gc: removes an image that has no snapshot, and no disk of a machine",
  "ceph",
  async ({ ceph }) => {
    await using store = storeOn(ceph);
    const [id, parent, disk, held] = [freshId(), freshId(), freshId(), freshId()];
    await rbd(ceph, "create", "--size=1M", id);
    await store.add(parent, randomBytes(10));
    await rbd(ceph, "clone", `${parent}@snap`, `${ceph.pool}/${disk}`);
    await rbd(ceph, "create", "--size=1M", held);
    await rbd(ceph, "snap", "create", "--no-progress", `${held}@mine`);
    const paths = async (olderThan: number) =>
      (await Array.fromAsync(store.gc({ olderThan, onSkipped() {} }))).map(({ path }) => path);
    assertEquals((await paths(86_400_000)).includes(id), false);
    const removed = await paths(-60_000);
    assertEquals([id, disk, held].map((name) => removed.includes(name)), [true, false, false]);
    const left = await rbd(ceph, "ls");
    assertEquals([id, disk, held].map((name) => left.includes(name)), [false, true, true]);
    await rbd(ceph, "rm", "--no-progress", disk);
    await rbd(ceph, "snap", "rm", "--no-progress", `${held}@mine`);
    await rbd(ceph, "rm", "--no-progress", held);
    await store.delete(parent);
  },
);

serviceTest(
  "RbdStore.gc: removes a name without an image, which a killed client left",
  "ceph",
  async ({ ceph }) => {
    await using store = storeOn(ceph);
    const rados = (...args: string[]) =>
      run("rados", ["-c", ceph.confPath, "-p", ceph.pool, ...args]);
    // With and without the object that holds the id.
    for (const hasId of [true, false]) {
      const id = freshId();
      await rbd(ceph, "create", "--size=1M", id);
      const { imageId } = await idsOf(ceph, id);
      await rados("rm", `rbd_header.${imageId}`);
      if (!hasId) await rados("rm", `rbd_id.${id}`);
      assertEquals((await Array.fromAsync(store.gc())).some(({ path }) => path === id), false);
      const left = await Array.fromAsync(store.gc({ olderThan: -60_000, onSkipped() {} }));
      assert(left.some(({ path, kind }) => path === id && kind === "name"));
      assert(!(await rbd(ceph, "ls")).split("\n").includes(id));
      await store.add(id, randomBytes(10));
      await store.delete(id);
    }
  },
);

serviceTest(
  "RbdStore.delete: an image with snapshot-based mirroring is deleted",
  "ceph",
  async ({ ceph }) => {
    await using store = storeOn(ceph);
    const id = freshId();
    await store.add(id, randomBytes(10));
    await rbd(ceph, "mirror", "pool", "enable", "image");
    try {
      await rbd(ceph, "mirror", "image", "enable", id, "snapshot");
      assertEquals(await store.delete(id), {});
    } finally {
      await rbd(ceph, "mirror", "pool", "disable");
    }
    assert(!(await rbd(ceph, "trash", "ls", "--all")).includes(id));
    assert(!(await rbd(ceph, "ls")).split("\n").includes(id));
  },
);

serviceTest(
  "RbdStore.rename: a journal has the new name, so that mirrors have it too",
  "ceph",
  async ({ ceph }) => {
    await using store = storeOn(ceph);
    const [id, renamed] = [freshId(), freshId()];
    await store.add(id, randomBytes(10));
    await rbd(ceph, "feature", "enable", id, "journaling");
    assert(!(await rbd(ceph, "journal", "status", "--image", id)).includes("entry_tid"));
    await store.rename(id, renamed);
    // What a journal has recorded is at its commit position.
    const status = JSON.parse(
      await rbd(ceph, "journal", "status", "--image", renamed, "--format=json"),
    );
    assertStringIncludes(JSON.stringify(status), '"entry_tid":');
    await store.delete(renamed);
  },
);

serviceTest(
  "RbdStore.delete: an image with clones of the second format goes to the trash, and gc reports it",
  "ceph",
  async ({ ceph }) => {
    await using store = storeOn(ceph);
    const [id, child] = [freshId(), freshId()];
    await store.add(id, randomBytes(MIB));
    await rbd(ceph, "--rbd-default-clone-format=2", "clone", `${id}@snap`, `${ceph.pool}/${child}`);
    const { kept } = await store.delete(id);
    assertStringIncludes(kept!, "clones");
    await assertRejects(() => store.get(id), NotFound);
    const trashed = async (dryRun: boolean) => {
      const leftovers = await Array.fromAsync(
        store.gc({ olderThan: -60_000, dryRun, onSkipped() {} }),
      );
      return leftovers.some(({ path, kind }) => path === id && kind === "trash");
    };
    assertEquals([await trashed(true), await trashed(false)], [true, false]);
    await rbd(ceph, "rm", "--no-progress", child);
    assertEquals([await trashed(false), await trashed(true)], [true, false]);
  },
);

serviceTest(
  "RbdStore: an image whose parent is gone is neither missing nor a leftover",
  "ceph",
  async ({ ceph: cluster }) => {
    const [parent, pool] = [`parent-${freshId()}`, `child-${freshId()}`];
    const at = { ...cluster, pool };
    const remove = (name: string) =>
      ceph(cluster, "osd", "pool", "rm", name, name, "--yes-i-really-really-mean-it");
    for (const name of [parent, pool]) await ceph(cluster, "osd", "pool", "create", name, "1");
    try {
      const source = storeOn({ ...cluster, pool: parent });
      await source.add("base", randomBytes(10));
      await source.close();
      for (const name of ["image", "disk"]) {
        await rbd(cluster, "clone", `${parent}/base@snap`, `${pool}/${name}`);
      }
      await rbd(at, "snap", "create", "--no-progress", "image@snap");
      await rbd(at, "snap", "protect", "image@snap");
      await remove(parent);
      await using store = storeOn(at);
      const skipped: string[] = [];
      const onSkipped = ({ path }: { path: string }) => void skipped.push(path);
      assertEquals(await Array.fromAsync(store.list({ onSkipped })), []);
      assertEquals(skipped.splice(0), ["image"]);
      assertEquals(await Array.fromAsync(store.gc({ olderThan: -60_000, onSkipped })), []);
      assertEquals(skipped.sort(), ["disk", "image"]);
      for (const call of [() => store.stat("image"), () => store.get("image")]) {
        await assertRejects(call, BackendException, "cloned from is missing");
      }
      await assertRejects(() => store.delete("image"), BackendException, "cloned from is missing");
      assertEquals((await rbd(at, "ls")).trim().split("\n"), ["disk", "image"]);
    } finally {
      await remove(parent);
      await remove(pool);
    }
  },
);

serviceTest(
  "RbdStore.list: an image that cannot be opened is reported, and the rest is listed",
  "ceph",
  async ({ ceph }) => {
    await using store = storeOn(ceph);
    const [id, odd] = [freshId(), freshId()];
    await store.add(id, randomBytes(10));
    const opening = PoolClient.prototype.openSnapshot;
    PoolClient.prototype.openSnapshot = function (name, snapshot) {
      if (name === odd) throw new Forbidden("the parent may not be read");
      return opening.call(this, name, snapshot);
    };
    const skipped: string[] = [];
    try {
      await store.add(odd, randomBytes(10));
      const onSkipped = ({ path }: { path: string }) => void skipped.push(path);
      const listed = await Array.fromAsync(store.list({ onSkipped }), ({ path }) => path);
      assert(listed.includes(id));
    } finally {
      PoolClient.prototype.openSnapshot = opening;
    }
    assert(skipped.includes(odd));
    for (const name of [id, odd]) await store.delete(name);
  },
);

async function isProtected(ceph: Record<string, string>, id: string): Promise<boolean> {
  const snapshots = JSON.parse(await rbd(ceph, "snap", "ls", id, "--format=json"));
  return snapshots.some((one: Record<string, unknown>) =>
    one.name === SNAPSHOT && one.protected === "true"
  );
}

serviceTest(
  "RbdStore.delete: an image with snapshots of others goes to the trash",
  "ceph",
  async ({ ceph }) => {
    await using store = storeOn(ceph);
    const id = freshId();
    await store.add(id, randomBytes(MIB));
    const { imageId } = await idsOf(ceph as Record<string, string>, id);
    await rbd(ceph, "snap", "create", "--no-progress", `${id}@theirs`);
    await store.delete(id);
    await assertRejects(() => store.get(id), NotFound);
    const trash = JSON.parse(await rbd(ceph, "trash", "ls", "--format=json"));
    assert(trash.some((one: Record<string, string>) => one.id === imageId));
    await store.add(id, randomBytes(1));
    await store.delete(id);
    await rbd(ceph, "snap", "purge", "--no-progress", "--image-id", imageId);
    await rbd(ceph, "trash", "rm", "--no-progress", imageId);
  },
);

serviceTest(
  "RbdStore.get: an image deleted while it is read ends in NotFound, not in zeros",
  "ceph",
  async ({ ceph }) => {
    await using store = storeOn(ceph);
    const id = freshId();
    await store.add(id, randomBytes(64 * MIB));
    await using handle = await store.open(id);
    const reader = (await store.get(id)).stream.getReader();
    await reader.read();
    await store.delete(id);
    await assertRejects(async () => {
      while (!(await reader.read()).done);
    }, NotFound);
    await assertRejects(() => handle.read(new Uint8Array(10), 0), NotFound);
  },
);

serviceTest(
  "RbdStore.rename: of renames to one name at once, one wins and no image is lost",
  "ceph",
  async ({ ceph }) => {
    await using one = storeOn(ceph);
    await using two = storeOn(ceph);
    const [a, b, target] = [freshId(), freshId(), freshId()];
    await one.add(a, randomBytes(1));
    await one.add(b, randomBytes(2));
    const results = await Promise.allSettled([one.rename(a, target), two.rename(b, target)]);
    const loser = results.findIndex(({ status }) => status === "rejected");
    assert(loser >= 0);
    assertInstanceOf((results[loser] as PromiseRejectedResult).reason, Duplicate);
    const ids = [target, [a, b][loser]!];
    for (const id of ids) await one.delete(id);
    await assertRejects(() => one.stat([a, b][1 - loser]!), NotFound);
  },
);

serviceTest(
  "RbdStore.rename: an image whose new name is taken meanwhile is Duplicate, and keeps its name",
  "ceph",
  async ({ ceph }) => {
    const rados = (...args: string[]) =>
      run("rados", ["-c", ceph.confPath, "-p", ceph.pool, ...args]);
    await using store = storeOn(ceph);
    const [id, other] = [freshId(), freshId()];
    await store.add(id, randomBytes(1));
    await store.add(other, randomBytes(2));
    // The name looks free until the last step, at which the pool's directory has it.
    await rados("cp", `rbd_id.${other}`, `kept.${other}`);
    await rados("rm", `rbd_id.${other}`);
    await assertRejects(() => store.rename(id, other), Duplicate, "at the same time");
    await rados("rm", `rbd_id.${other}`);
    await rados("cp", `kept.${other}`, `rbd_id.${other}`);
    await rados("rm", `kept.${other}`);
    assertEquals([await store.getSize(id), await store.getSize(other)], [1, 2]);
    for (const name of [id, other]) await store.delete(name);
  },
);

serviceTest(
  "RbdStore.rename: takes no name back that another rename of the image is giving it",
  "ceph",
  async ({ ceph }) => {
    await using store = storeOn(ceph);
    const [from, to] = [freshId(), freshId()];
    await store.add(from, randomBytes(1));
    const { imageId } = await idsOf(ceph, from);
    const rename = PoolClient.prototype.rename;
    try {
      for (const error of [new Duplicate("it exists"), new TimeoutError("no response")]) {
        PoolClient.prototype.rename = async () => {
          await run("rados", [
            ...["-c", ceph.confPath, "-p", ceph.pool],
            ...["cp", `rbd_id.${from}`, `rbd_id.${to}`],
          ]);
          throw error;
        };
        await assertRejects(() => store.rename(from, to), error.constructor as typeof Duplicate);
        await using client = await PoolClient.open({
          ...{ cephConf: ceph.confPath, user: ceph.user, pool: ceph.pool, connectTimeout: 60 },
        });
        assertEquals(await client.idOf(to), imageId);
        await client.forget(imageId, to);
      }
    } finally {
      PoolClient.prototype.rename = rename;
    }
    await store.delete(from);
  },
);

serviceTest(
  "RbdStore.rename: a name that a broken rename left can be taken by another image, and by the image itself",
  "ceph",
  async ({ ceph }) => {
    const rados = (...args: string[]) =>
      run("rados", ["-c", ceph.confPath, "-p", ceph.pool, ...args]);
    await using store = storeOn(ceph);
    const [a, b] = [freshId(), freshId()];
    const sizes = () => Promise.all([a, b].map((id) => store.getSize(id)));
    const half = () => rados("cp", `rbd_id.${a}`, `rbd_id.${b}`);
    const { imageId } = await store.add(a, randomBytes(1)).then(() => idsOf(ceph, a));
    await half();
    // While the client that renames may be alive, the name is its.
    const other = freshId();
    await store.add(other, randomBytes(5));
    for (const take of [() => store.add(b, randomBytes(2)), () => store.rename(other, b)]) {
      await assertRejects(take, Duplicate, "another client");
    }
    await store.delete(other);
    await using client = await PoolClient.open({
      ...{ cephConf: ceph.confPath, user: ceph.user, pool: ceph.pool, connectTimeout: 60 },
    });
    assertEquals(await client.idOf(b), imageId);
    using _clock = clockAt(Date.now() + 7_200_000);
    await store.add(b, randomBytes(2));
    assertEquals(await sizes(), [1, 2]);
    await store.delete(b);
    await half();
    await store.rename(a, b);
    // This rename had come one step further.
    await rados("cp", `rbd_id.${b}`, `rbd_id.${a}`);
    await store.add(a, randomBytes(3));
    assertEquals(await sizes(), [3, 1]);
    await store.delete(b);
    // And this one's image is gone since.
    await half();
    await store.delete(a);
    await store.rename((await store.add(a, randomBytes(4))).location, b);
    assertEquals(await store.getSize(b), 4);
    await store.delete(b);
  },
);

serviceTest(
  "RbdStore.close: releases what is open, and the store opens again",
  "ceph",
  async ({ ceph }) => {
    const store = storeOn(ceph);
    const id = freshId();
    await store.add(id, randomBytes(40 * MIB));
    const handle = await store.open(id);
    const reader = (await store.get(id)).stream.getReader();
    await reader.read();
    await store.close();
    await assertRejects(() => handle.read(new Uint8Array(1), 0));
    await assertRejects(async () => {
      while (!(await reader.read()).done);
    });
    assertEquals(await store.getSize(id), 40 * MIB);
    await store.delete(id);
    await store.close();
  },
);

serviceTest(
  "RbdStore.close: during an add leaves nothing of the image",
  "ceph",
  async ({ ceph }) => {
    for (const size of [undefined, 40 * MIB]) {
      const store = storeOn(ceph);
      const id = freshId();
      let pulls = 0;
      const data = new ReadableStream<Uint8Array>({
        async pull(stream) {
          if (++pulls === 20) await store.close();
          stream.enqueue(new Uint8Array(MIB).fill(1));
          if (pulls === 40) stream.close();
        },
      });
      await assertRejects(() => store.add(id, data, { size }), StoreError);
      assertEquals((await objects(ceph)).filter((name) => name.includes(id)), []);
    }
  },
);
