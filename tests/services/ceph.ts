/**
 * A Ceph cluster of one monitor and one OSD on loopback, with an RBD pool `images`, and a radosgw for S3 and
 * Swift v1 where it is wanted. The S3 users `test` and `other` may not read each other's buckets.
 *
 * @module
 */

import { freePorts } from "./ports.ts";
import { daemon, responds, run, until } from "./processes.ts";
import { type Endpoints, hasPrograms, type Service } from "./service.ts";

/** How a cluster differs from the next. */
export interface CephOptions {
  /** The OSD's store: memory, or a file. */
  objectstore: "memstore" | "bluestore";
  /** Bytes that the OSD holds. */
  capacity: number;
  /** Whether clients sign in by cephx; without, anybody is let in. */
  cephx: boolean;
  /** Whether radosgw runs. */
  gateway: boolean;
}

/** The service of that name that is a cluster of this kind. */
export function cephCluster(name: string, options: CephOptions): Service {
  const { gateway } = options;
  return {
    name,
    packages: [
      "ceph-mon",
      "ceph-osd",
      "ceph-common",
      "python3-rbd",
      "python3-rados",
      ...(gateway ? ["radosgw"] : []),
    ],
    installed: () =>
      hasPrograms("ceph-mon", "ceph-osd", "rbd", ...(gateway ? ["radosgw", "radosgw-admin"] : [])),
    start: (directory) => startCeph(directory, options),
    healthy: async ({ confPath, s3 }) => {
      const json = await run("ceph", [
        "-c",
        confPath,
        "--connect-timeout=5",
        "osd",
        "stat",
        "-fjson",
      ])
        .catch(() => "{}");
      return JSON.parse(json).num_up_osds === 1 && (!gateway || await responds(s3.url));
    },
  };
}

/** The cluster that tests share: in memory, open, with radosgw. */
export const ceph: Service = cephCluster("ceph", {
  objectstore: "memstore",
  capacity: 12 * 2 ** 30,
  cephx: false,
  gateway: true,
});

async function startCeph(directory: string, options: CephOptions): Promise<Endpoints> {
  const [v2Port, v1Port, gatewayPort] = freePorts(3);
  const monitor = `[v2:127.0.0.1:${v2Port}/0,v1:127.0.0.1:${v1Port}/0]`;
  const gatewayUrl = `http://127.0.0.1:${gatewayPort}`;
  const [fsid, osd] = [crypto.randomUUID(), crypto.randomUUID()];
  const confPath = `${directory}/ceph.conf`;
  const keyring = `${directory}/keyring`;
  await Deno.writeTextFile(
    confPath,
    configuration({ directory, fsid, monitor, gatewayUrl, ...options }),
  );
  for (const part of ["mon", "osd", "run"]) await Deno.mkdir(`${directory}/${part}`);
  const conf = ["-c", confPath];

  await run("ceph-authtool", [
    "--create-keyring",
    keyring,
    "--gen-key",
    "-n",
    "mon.",
    "--cap",
    "mon",
    "allow *",
  ]);
  for (
    const [name, ...caps] of [
      ["client.admin", "mon", "allow *", "osd", "allow *", "mds", "allow *", "mgr", "allow *"],
      ["osd.0", "mon", "allow profile osd", "osd", "allow *", "mgr", "allow profile osd"],
      ["client.rgw", "mon", "allow rw", "osd", "allow rwx"],
      ["client.glance", "mon", "profile rbd", "osd", "profile rbd pool=images"],
    ] as const
  ) {
    const capFlags = caps.flatMap((cap, i) => i % 2 ? [cap] : ["--cap", cap]);
    await run("ceph-authtool", [keyring, "--gen-key", "-n", name, ...capFlags]);
  }
  const monmap = `${directory}/monmap`;
  await run("monmaptool", ["--create", "--fsid", fsid, "--addv", "a", monitor, monmap]);
  await run("ceph-mon", [...conf, "-i", "a", "--mkfs", "--monmap", monmap, "--keyring", keyring]);
  const pids: Record<string, number> = {
    mon: daemon(directory, "ceph-mon", [...conf, "-i", "a", "-f"]),
  };
  await Promise.all([
    run("ceph", [...conf, "--connect-timeout=30", "osd", "new", osd]),
    run("ceph-osd", [...conf, "-i", "0", "--mkfs", "--osd-uuid", osd]),
  ]);
  pids.osd = daemon(directory, "ceph-osd", [...conf, "-i", "0", "-f"]);
  await until(
    "the OSD",
    directory,
    async () => JSON.parse(await run("ceph", [...conf, "osd", "stat", "-fjson"])).num_up_osds === 1,
  );
  if (options.gateway) {
    pids.gateway = daemon(directory, "radosgw", [...conf, "-n", "client.rgw", "-f"]);
  }
  await run("ceph", [...conf, "osd", "pool", "create", "images", "8"]);
  await run("rbd", [...conf, "pool", "init", "images"]);
  const endpoints = { confPath, keyring, fsid, pool: "images", user: "glance", pids };
  if (!options.gateway) return endpoints;

  await until("radosgw", directory, () => responds(gatewayUrl));
  const admin = (...args: string[]) => run("radosgw-admin", [...conf, ...args]);
  await admin(
    "user",
    "create",
    "--uid=test",
    "--display-name=test",
    "--access-key=test",
    "--secret-key=testing123",
  );
  await admin("subuser", "create", "--uid=test", "--subuser=test:swift", "--access=full");
  await admin("key", "create", "--subuser=test:swift", "--key-type=swift", "--secret-key=testing");
  await admin(
    "user",
    "create",
    "--uid=other",
    "--display-name=other",
    "--access-key=other",
    "--secret-key=testing456",
  );
  return {
    ...endpoints,
    s3: {
      url: gatewayUrl,
      region: "us-east-1",
      accessKey: "test",
      secretKey: "testing123",
      other: { id: "other", accessKey: "other", secretKey: "testing456" },
    },
    swift: { authUrl: `${gatewayUrl}/auth/v1.0`, user: "test:swift", key: "testing" },
  };
}

function configuration(
  { directory, fsid, monitor, gatewayUrl, objectstore, capacity, cephx }: CephOptions & {
    directory: string;
    fsid: string;
    monitor: string;
    gatewayUrl: string;
  },
): string {
  const auth = cephx ? "cephx" : "none";
  return `[global]
fsid = ${fsid}
mon_host = ${monitor}
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = ${auth}
auth_service_required = ${auth}
auth_client_required = ${auth}
keyring = ${directory}/keyring
run_dir = ${directory}/run
crash_dir = ${directory}/run
log_file =
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_warn_on_pool_no_redundancy = false
mon_allow_pool_delete = true
[mon]
log_to_stderr = true
mon_data = ${directory}/mon
# A commit a second is the default, and a start makes many.
paxos_propose_interval = 0.05
paxos_min_wait = 0.01
[osd]
log_to_stderr = true
osd_data = ${directory}/osd
osd_objectstore = ${objectstore}
osd_max_object_name_len = 2048
osd_max_object_namespace_len = 256
memstore_device_bytes = ${capacity}
bluestore_block_size = ${capacity}
[client]
admin_socket =
log_file =
[client.rgw]
log_to_stderr = true
rgw_frontends = beast endpoint=${gatewayUrl.slice("http://".length)} tcp_nodelay=1
rgw_swift_url = ${gatewayUrl}
rgw_dns_name = 127.0.0.1
# Deleted data stays in memory for hours by default.
rgw_gc_obj_min_wait = 2
rgw_gc_processor_period = 2
rgw_gc_processor_max_time = 30
${
    cephx
      ? ""
      : "# Without cephx radosgw waits for ever in the default mode.\nms_mon_client_mode = crc\n"
  }`;
}
