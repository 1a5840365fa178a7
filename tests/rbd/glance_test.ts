/**
 * Interoperation with glance_store: both use one pool, and each takes the other's images for its own.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { InUseByStore, NotFound } from "@vitrine/vitrine";
import { type Endpoints, serviceTest } from "../services/mod.ts";
import { run } from "../services/processes.ts";
import { freshId, MIB, randomBytes, sha512, storeOn } from "./support.ts";

const SCRIPT = fromFileUrl(import.meta.resolve("./glance.py"));

async function glance({ confPath }: Endpoints, ...args: string[]) {
  return JSON.parse((await run("python3", [SCRIPT, confPath, ...args])).trim().split("\n").at(-1)!);
}

for (const name of ["ceph", "ceph-bluestore"]) {
  serviceTest(
    "RbdStore.add: glance_store reads and deletes the image",
    [name, "glance_store"],
    async (endpoints) => {
      const cluster = endpoints[name]!;
      await using store = storeOn(cluster);
      const file = await Deno.makeTempFile();
      // RBD's names are flat, and a slash is a letter like any other.
      for (const [id, size] of [[freshId(), 0], [`${freshId()}/a b%2F'ü`, 19 * MIB + 3]] as const) {
        const bytes = randomBytes(size);
        const { location } = await store.add(id, new Blob([bytes]).stream());
        assertEquals(await glance(cluster, "size", location.uri()), [id, size]);
        assertEquals(await glance(cluster, "get", location.uri(), file), size);
        assertEquals(await sha512(await Deno.readFile(file)), await sha512(bytes));
        await glance(cluster, "delete", location.uri());
        await assertRejects(() => store.get(id), NotFound);
      }
      await Deno.remove(file);
    },
  );

  serviceTest(
    "RbdStore.get: reads, and deletes, what glance_store adds",
    [name, "glance_store"],
    async (endpoints) => {
      const cluster = endpoints[name]!;
      await using store = storeOn(cluster);
      const file = await Deno.makeTempFile();
      for (const [work, size] of [["add", 20 * MIB], ["add-unsized", 9 * MIB + 1]] as const) {
        const id = freshId();
        await Deno.writeFile(file, randomBytes(size));
        const [uri, length, checksum, multihash] = await glance(cluster, work, id, file);
        assertEquals(length, size);
        assertEquals((await store.locationOf(id)).uri(), uri);
        const stat = await store.stat(uri);
        assertEquals([stat.size, stat.location.imageId, stat.checksum], [size, id, undefined]);
        const expected = { checksum, multihash: { algo: "sha512", value: multihash } };
        const { stream } = await store.get(uri, { verify: expected });
        assertEquals(await sha512(await new Response(stream).arrayBuffer()), multihash);
        const names = (await Array.fromAsync(store.list())).map(({ path }) => path);
        assert(names.includes(id));
        await store.clone(uri, `${id}-clone`);
        await assertRejects(() => store.delete(uri), InUseByStore);
        await store.delete(`${id}-clone`);
        await store.delete(uri);
        await assertRejects(() => glance(cluster, "size", uri), Error, "NotFound");
      }
      await Deno.remove(file);
    },
  );
}

serviceTest("RbdStore.add: an image that glance_store has is Duplicate, and the other way", [
  "ceph",
  "glance_store",
], async ({ ceph }) => {
  await using store = storeOn(ceph);
  const file = await Deno.makeTempFile();
  await Deno.writeFile(file, randomBytes(10));
  const [theirs, ours] = [freshId(), freshId()];
  const [uri] = await glance(ceph, "add", theirs, file);
  const error = await assertRejects(() => store.add(theirs, randomBytes(1))) as Error;
  assertEquals(error.name, "Duplicate");
  const { location } = await store.add(ours, randomBytes(1));
  const refusal = await assertRejects(() => glance(ceph, "add", ours, file)) as Error;
  assertStringIncludes(refusal.message, "Duplicate");
  assertEquals([await store.getSize(uri), await store.getSize(location)], [10, 1]);
  await store.delete(uri);
  await store.delete(location);
  await Deno.remove(file);
});
