/**
 * The contract, on a cluster in memory that lets everybody in, and in a namespace of one on a disk with
 * cephx.
 *
 * @module
 */
import { type RbdOptions, RbdStore } from "@vitrine/vitrine/rbd";
import type { Store } from "../../mod.ts";
import { type BackendHooks, storeConformance } from "../../conformance/mod.ts";
import { PoolClient } from "../../drivers/rbd/client.ts";
import { SNAPSHOT } from "../../drivers/rbd/location.ts";
import { service } from "../services/mod.ts";
import { freshId, objects, rbd } from "./support.ts";

async function removeAll(store: Store): Promise<void> {
  for await (const { path } of store.list({ recursive: true })) {
    if (/^c\d+-[0-9a-f]{8}\//.test(path)) await store.delete(path);
  }
}

/** Holds an image open. */
async function watch(client: PoolClient, imageId: string): Promise<() => Promise<void>> {
  const image = await client.openImage(imageId);
  return () => image.close();
}

/** Makes a clone of an image that needs it. */
async function clone(client: PoolClient, imageId: string): Promise<() => Promise<void>> {
  const name = freshId();
  await client.clone(imageId, SNAPSHOT, name);
  return () => client.remove(name);
}

/** Makes a whole image whose name is no image id. */
async function hide(client: PoolClient, directory: string): Promise<() => Promise<void>> {
  const name = `${directory}/back\\slash`;
  await client.create(name, 1024, 20);
  {
    await using image = await client.openImage(name);
    await image.createSnapshot(SNAPSHOT);
  }
  return async () => {
    {
      await using image = await client.openImage(name);
      await image.removeSnapshot(SNAPSHOT);
    }
    await client.remove(name);
  };
}

/** Runs the contract in a pool or a namespace. */
function conform(
  name: string,
  options: RbdOptions,
  hooks: (client: () => PoolClient) => BackendHooks,
) {
  let client: PoolClient;
  storeConformance(
    name,
    async () => {
      client = await PoolClient.open({ cephConf: "", pool: "", connectTimeout: 30, ...options });
      return new RbdStore("images", options);
    },
    {
      hooks: { hideImage: (directory) => hide(client, directory), ...hooks(() => client) },
      cleanup: async (store) => {
        await removeAll(store);
        await client.close();
      },
    },
  );
}

const ceph = await service("ceph");
if (ceph === undefined) Deno.test.ignore("conformance: rbd on ceph [needs ceph]", () => {});
else {
  const { confPath: cephConf, user, pool } = ceph;
  conform("rbd on ceph", { cephConf, user, pool, connectTimeout: 30 }, (client) => ({
    preventRemoval: (imageId) => watch(client(), imageId),
  }));
}

const bluestore = await service("ceph-bluestore");
if (bluestore === undefined) {
  Deno.test.ignore("conformance: rbd on ceph-bluestore [needs ceph-bluestore]", () => {});
} else {
  const { confPath: cephConf, user, pool } = bluestore;
  const namespace = "conformance";
  await rbd(bluestore, "namespace", "create", "--namespace", namespace).catch(() => {});
  const options = { cephConf, user, pool: `${pool}/${namespace}`, connectTimeout: 30 };
  conform("rbd on ceph-bluestore", options, (client) => ({
    snapshot: () => objects(bluestore, namespace),
    preventRemoval: (imageId) => clone(client(), imageId),
  }));
}
