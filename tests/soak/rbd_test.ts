/**
 * Random aborts and kills on Ceph RBD, in a cluster of its own that soon forgets a client which was killed.
 *
 * @module
 */
import { NotFound } from "../../errors/mod.ts";
import { MIB } from "../../conformance/data.ts";
import { PoolClient } from "../../drivers/rbd/client.ts";
import { RbdStore } from "../../drivers/rbd/mod.ts";
import { ceph, rbd } from "../rbd/support.ts";
import { cephCluster, serviceTest, startOwn } from "../services/mod.ts";
import { until } from "../until.ts";
import { ABORTS, KILLS, soakAborts, type Soaked, soakKills } from "./harness.ts";

async function soak(run: (soaked: Soaked) => Promise<void>): Promise<void> {
  await using cluster = await startOwn(cephCluster("ceph-soak", {
    objectstore: "memstore",
    capacity: 1024 * MIB,
    cephx: false,
    gateway: false,
  }));
  // A watcher that is gone is forgotten after 30 seconds by default.
  await ceph(cluster, "config", "set", "osd", "osd_client_watch_timeout", "1");
  const { confPath, user, pool } = cluster;
  const options = { cephConf: confPath!, user: user!, pool: pool!, connectTimeout: 60 };
  const names = async () => (await rbd(cluster, "ls")).trim().split("\n").filter(Boolean);
  const isWatched = async (client: PoolClient, name: string) => {
    try {
      await using image = await client.openHead(name);
      return await image.watchers() > 0;
    } catch (error) {
      if (error instanceof NotFound) return false;
      throw error;
    }
  };
  await run({
    driver: "rbd",
    options,
    sizes: [1, 3 * MIB, 11 * MIB],
    patience: 400,
    open: () => new RbdStore("soaked", options),
    settle: () =>
      until("the watchers to go", async () => {
        await using client = await PoolClient.open(options);
        for (const name of await client.names()) if (await isWatched(client, name)) return false;
        return true;
      }),
    leftovers: names,
  });
}

serviceTest(
  `RbdStore.add: ${ABORTS} random aborts leave no half image`,
  "ceph",
  () => soak((soaked) => soakAborts(soaked, ABORTS)),
);

serviceTest(
  `RbdStore.add: ${KILLS} random kills leave no half image after gc`,
  "ceph",
  () => soak((soaked) => soakKills(soaked, KILLS)),
);
