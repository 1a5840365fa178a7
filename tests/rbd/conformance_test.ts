/**
 * The contract, on a cluster in memory that lets everybody in, and on one on a disk with cephx.
 *
 * @module
 */
import { RbdStore } from "@vitrine/vitrine/rbd";
import type { Store } from "../../mod.ts";
import { storeConformance } from "../../conformance/mod.ts";
import { service } from "../services/mod.ts";

async function removeAll(store: Store): Promise<void> {
  for await (const { path } of store.list({ recursive: true })) {
    if (/^c\d+-[0-9a-f]{8}\//.test(path)) await store.delete(path);
  }
}

for (const name of ["ceph", "ceph-bluestore"]) {
  const endpoints = await service(name);
  if (endpoints === undefined) {
    Deno.test({ name: `conformance: rbd [needs ${name}]`, ignore: true, fn() {} });
    continue;
  }
  const { confPath: cephConf, user, pool } = endpoints;
  storeConformance(
    `rbd on ${name}`,
    () => new RbdStore("images", { cephConf, user, pool, connectTimeout: 30 }),
    { cleanup: removeAll },
  );
}
