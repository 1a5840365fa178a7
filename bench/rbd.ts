/**
 * The rbd driver against glance_store's, on a cluster in memory and on one on a disk.
 *
 * Usage: `rbd.ts [MIB] [ROUNDS] [PART...]`. Default: 1,024 MiB, 5 rounds and all parts (`add`,
 * `get`, `thin`). The services `ceph`, `ceph-bluestore` and `glance_store` run:
 * `deno task services start`.
 *
 * @module
 */
import { RbdStore } from "@vitrine/vitrine/rbd";
import { service } from "../tests/services/mod.ts";
import { writeRandom } from "../tests/random_file.ts";
import { child, compare, type Contender } from "./harness.ts";

const PARTS = ["add", "get", "thin"];

/** Measures add and get of one image on each cluster, and the add of a thin one of 20 times the size. */
export async function rbds(
  mib = 1024,
  rounds = 5,
  parts: readonly string[] = PARTS,
): Promise<void> {
  const source = await Deno.makeTempFile({ prefix: "vitrine-bench-" });
  try {
    await writeRandom(source, mib);
    for (const name of ["ceph", "ceph-bluestore"]) {
      await cluster(name, source, mib, rounds, parts);
    }
  } finally {
    await Deno.remove(source);
  }
}

async function cluster(
  name: string,
  source: string,
  mib: number,
  rounds: number,
  parts: readonly string[],
): Promise<void> {
  const endpoints = await service(name);
  const glance = await service("glance_store");
  if (!endpoints || !glance) throw new Error(`${name} and glance_store do not run`);
  const { confPath: cephConf, fsid } = endpoints;
  const image = `bench-${crypto.randomUUID()}`;
  const options = JSON.stringify({ rbd_store_ceph_conf: cephConf, rbd_store_user: "glance" });
  const vitrine = (work: string) => () =>
    child(Deno.execPath(), [
      ...["run", "--allow-all", new URL("rbd_child.ts", import.meta.url).pathname],
      ...[work, source, image, cephConf],
    ]);
  const python = (script: string, ...args: string[]) => () =>
    child(glance.python, [new URL(script, import.meta.url).pathname, ...args]);
  const glanceStore = (work: string) =>
    python(
      "glance.py",
      ...["rbd", work, source, image, `rbd://${fsid}/images/${image}/snap`],
      options,
    );
  /** Deletes what was added. */
  const deleting = (run: Contender["run"]): Contender["run"] => async () => {
    await using store = new RbdStore("bench", { cephConf, user: "glance" });
    try {
      return await run();
    } finally {
      await store.delete(image);
    }
  };
  const contender = (name: string, work: string, against = "glance_store"): Contender => ({
    name,
    against,
    run: vitrine(work),
  });
  if (parts.includes("add")) {
    // The last three are limits: what an add cannot be faster than.
    await compare(`rbd add on ${name} ${mib} MiB`, [
      { name: "glance_store", run: deleting(glanceStore("add")) },
      contender("vitrine", "add"),
      contender("vitrine, size unknown", "add-unsized"),
      contender("vitrine's write, no digests", "write"),
      contender("the digests, no write", "digests"),
      {
        name: "python3-rbd's write",
        against: "glance_store",
        run: deleting(python("rbd_write.py", source, image, cephConf)),
      },
    ], rounds);
  }
  if (parts.includes("get")) {
    await using store = new RbdStore("bench", { cephConf, user: "glance" });
    await store.add(image, (await Deno.open(source)).readable);
    await compare(`rbd get on ${name} ${mib} MiB`, [
      { name: "glance_store", run: glanceStore("get") },
      contender("vitrine, BYOB reader", "get-byob"),
      contender("vitrine, default reader", "get-default"),
    ], rounds);
    await store.delete(image);
  }
  if (parts.includes("thin")) {
    const [data, digests, thin] = await compare(
      `rbd add thin on ${name} ${mib} of ${20 * mib} MiB`,
      [
        { name: "data alone", run: vitrine("add") },
        { name: "digests alone", run: vitrine("digests-thin") },
        contender("vitrine, thin", "add-thin", "digests alone"),
      ],
      1,
    );
    const [alone, rest, all] = [data!, digests!, thin!].map(({ seconds }) => seconds.toFixed(1));
    console.log(`thin ${all} s; data ${alone} s, digests of all ${rest} s; rbd du: ${mib} MiB`);
  }
}

if (import.meta.main) {
  const [mib, rounds, ...parts] = Deno.args;
  await rbds(
    mib ? Number(mib) : undefined,
    rounds ? Number(rounds) : undefined,
    parts.length > 0 ? parts : undefined,
  );
}
