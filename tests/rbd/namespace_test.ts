/**
 * Images in an RBD namespace of a pool, and locations of other pools.
 *
 * @module
 */
import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import {
  BadStoreConfiguration,
  BadStoreUri,
  Duplicate,
  InUseByStore,
  NotFound,
} from "@vitrine/vitrine";
import { RbdLocation, RbdStore } from "@vitrine/vitrine/rbd";
import { type Endpoints, serviceTest } from "../services/mod.ts";
import { run } from "../services/processes.ts";
import { freshId, MIB, randomBytes, storeOn } from "./support.ts";

/** Does something in a namespace of the cluster's pool, and removes the namespace. */
async function inNamespace(
  ceph: Endpoints,
  body: (pool: string, namespace: string) => Promise<void>,
): Promise<void> {
  const rbd = (...args: string[]) => run("rbd", ["-c", ceph.confPath, ...args]);
  const namespace = freshId();
  const pool = `${ceph.pool}/${namespace}`;
  await rbd("namespace", "create", pool);
  try {
    await body(pool, namespace);
  } finally {
    for (const entry of JSON.parse(await rbd("trash", "ls", pool, "--format=json"))) {
      await rbd("trash", "rm", `${pool}/${entry.id}`);
    }
    await rbd("namespace", "remove", pool);
  }
}

for (const service of ["ceph", "ceph-bluestore"] as const) {
  serviceTest(
    `RbdStore: a namespace of a pool has images of its own (${service})`,
    service,
    async (endpoints) => {
      const cluster = endpoints[service];
      await inNamespace(cluster, async (pool) => {
        await using outside = storeOn(cluster);
        await using store = storeOn(cluster, { pool });
        const [id, hidden, bytes] = [freshId(), freshId(), randomBytes(9 * MIB)];
        await outside.add(hidden, bytes);
        try {
          const { location } = await store.add(id, bytes);
          const { fsid } = RbdLocation.parse(location.uri());
          assertEquals(location.uri(), `rbd://${fsid}/${encodeURIComponent(pool)}/${id}/snap`);
          assertEquals((await store.get(location.uri())).size, bytes.length);
          assertEquals(await new Response((await store.get(id)).stream).bytes(), bytes);
          const info = await run("rbd", ["-c", cluster.confPath, "info", `${pool}/${id}`]);
          assertStringIncludes(info, "9 MiB");

          // Neither sees the images of the other.
          const listed = (await Array.fromAsync(store.list())).map(({ path }) => path);
          assertEquals(listed, [id]);
          await assertRejects(() => store.stat(hidden), NotFound);
          await assertRejects(() => outside.stat(id), NotFound);
          await assertRejects(() => outside.stat(location.uri()), BadStoreUri, "outside the store");

          await store.rename(id, "renamed");
          await store.copy("renamed", id);
          await assertRejects(() => store.add(id, bytes), Duplicate);
          await store.clone(id, "child");
          const { metadata } = await store.stat("child");
          assertEquals([metadata?.["parent"], metadata?.["usedBytes"]], [location.uri(), 0]);
          await assertRejects(() => store.delete(id), InUseByStore);
          await store.flatten("child");
          await using handle = await store.open("child");
          const tail = new Uint8Array(100);
          assertEquals(await handle.read(tail, bytes.length - 100), 100);
          assertEquals(tail, bytes.slice(-100));
          for (const name of ["renamed", "child", id]) await store.delete(name);
          assertEquals(await Array.fromAsync(store.list()), []);
        } finally {
          await outside.delete(hidden);
        }
      });
    },
  );
}

serviceTest("RbdStore.gc: removes what is unfinished in its namespace alone", "ceph", async (
  { ceph },
) => {
  await inNamespace(ceph, async (pool) => {
    const unfinished = freshId();
    const rbd = (...args: string[]) => run("rbd", ["-c", ceph.confPath, ...args]);
    await rbd("create", `${pool}/${unfinished}`, "--size=1M");
    await rbd("create", `${ceph.pool}/${unfinished}`, "--size=1M");
    try {
      await using store = storeOn(ceph, { pool });
      const left = await Array.fromAsync(store.gc({ olderThan: 0 }));
      assertEquals(left.map(({ path }) => path), [unfinished]);
      assertEquals((await rbd("ls", pool)).trim(), "");
      assertStringIncludes(await rbd("ls", ceph.pool!), unfinished);
    } finally {
      await rbd("rm", "--no-progress", `${ceph.pool}/${unfinished}`);
    }
  });
});

serviceTest("RbdStore: a namespace that is missing is an error, not the whole pool", "ceph", async (
  { ceph },
) => {
  await using store = storeOn(ceph, { pool: `${ceph.pool}/nobody` });
  await assertRejects(
    () => Array.fromAsync(store.list()),
    BadStoreConfiguration,
    `the pool "${ceph.pool}" has no namespace "nobody"`,
  );
});

Deno.test("RbdStore: a pool with an empty namespace, or with two, is refused", () => {
  for (const pool of ["images/", "/ns", "images/ns/more"]) {
    assertThrows(() => new RbdStore("ceph", { pool }), BadStoreConfiguration, "POOL/NAMESPACE");
  }
});

serviceTest(
  "RbdStore: a location in another pool belongs to the store of that pool",
  "ceph",
  async (
    { ceph },
  ) => {
    await using store = storeOn(ceph);
    const id = freshId();
    const { location } = await store.add(id, randomBytes(10));
    const elsewhere = location.uri().replace(`/${ceph.pool}/`, "/volumes/");
    // glance_store reads it, and deletes it too; here the path tree of a store is one pool.
    for (const use of [() => store.get(elsewhere), () => store.delete(elsewhere)]) {
      await assertRejects(use, BadStoreUri, "outside the store");
    }
    await store.delete(id);
  },
);
