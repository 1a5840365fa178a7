/**
 * The rbd driver against glance_store's, on a cluster in memory and on one on a disk.
 *
 * Usage: `rbd.ts [MIB] [ROUNDS]`; 1,024 MiB and 5 rounds unless given. The services `ceph`,
 * `ceph-bluestore` and `glance_store` run: `deno task services start`.
 *
 * @module
 */
import { RbdStore } from "@vitrine/vitrine/rbd";
import { service } from "../tests/services/mod.ts";
import { child, compare, type Contender } from "./harness.ts";

const MIB = 1024 * 1024;

/** Measures add and get of one image on each cluster, and a thin one of 20 times the size. */
export async function rbds(mib = 1024, rounds = 5): Promise<void> {
  const source = await Deno.makeTempFile({ prefix: "vitrine-bench-" });
  try {
    {
      using file = await Deno.open(source, { write: true });
      for (let at = 0; at < mib * MIB; at += 65_536) {
        await file.write(crypto.getRandomValues(new Uint8Array(65_536)));
      }
    }
    for (const name of ["ceph", "ceph-bluestore"]) await cluster(name, source, mib, rounds);
  } finally {
    await Deno.remove(source);
  }
}

async function cluster(
  name: string,
  source: string,
  mib: number,
  rounds: number,
): Promise<void> {
  const endpoints = await service(name);
  const glance = await service("glance_store");
  if (!endpoints || !glance) throw new Error(`${name} and glance_store do not run`);
  const { confPath: cephConf, fsid } = endpoints;
  const image = `bench-${crypto.randomUUID()}`;
  const vitrine = (work: string) => () =>
    child(Deno.execPath(), [
      ...["run", "--allow-all", new URL("rbd_child.ts", import.meta.url).pathname],
      ...[work, source, image, cephConf],
    ]);
  const python = (work: string) => () =>
    child(glance.python, [
      new URL("glance_rbd.py", import.meta.url).pathname,
      ...[work, source, image, cephConf, fsid],
    ]);
  const contender = (name: string, work: string, against = "glance_store"): Contender => ({
    name,
    against,
    run: vitrine(work),
  });
  await compare(`rbd add on ${name} ${mib} MiB`, [
    { name: "glance_store", run: python("add") },
    contender("vitrine", "add"),
    contender("vitrine, size unknown", "add-unsized"),
  ], rounds);

  await using store = new RbdStore("bench", { cephConf, user: "glance" });
  await store.add(image, (await Deno.open(source)).readable);
  await compare(`rbd get on ${name} ${mib} MiB`, [
    { name: "glance_store", run: python("get") },
    contender("vitrine, BYOB reader", "get-byob"),
    contender("vitrine, default reader", "get-default"),
  ], rounds);
  await store.delete(image);

  // A thin image should take the time of its data and of its digests.
  await compare(`rbd add thin on ${name} ${mib} of ${20 * mib} MiB`, [
    { name: "data alone", run: vitrine("add") },
    { name: "digests alone", run: vitrine("digests") },
    contender("vitrine, thin", "add-thin", "digests alone"),
  ], 1);
}

if (import.meta.main) {
  await rbds(...Deno.args.map(Number));
}
