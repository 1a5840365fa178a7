/**
 * OpenStack Swift on loopback: one device in a plain directory, one replica, and a proxy with tempauth, the S3
 * API, TempURLs, bulk deletion and large objects. `test:tester3` has no role in the account of `test:tester`;
 * `test2:tester2` has an account of its own.
 *
 * @module
 */

import { freePorts } from "./ports.ts";
import { daemon, responds, run, until } from "./processes.ts";
import { type Endpoints, hasPrograms, type Service } from "./service.ts";

const STORAGE = ["account", "container", "object"] as const;

/**
 * What ends with the tests need not reach the disk. A container server that waits for the disk for more than
 * 0.1 s gives listings that lack the latest changes.
 */
const SYNCING_NOTHING = { LD_PRELOAD: "libeatmydata.so" };

/** Swift with tempauth. */
export const swift: Service = {
  name: "swift",
  packages: [
    "swift",
    "swift-proxy",
    "swift-account",
    "swift-container",
    "swift-object",
    "memcached",
    "eatmydata",
  ],
  installed: () =>
    hasPrograms(
      "memcached",
      "eatmydata",
      "swift-proxy-server",
      ...STORAGE.map((kind) => `swift-${kind}-server`),
    ),
  start: startSwift,
  healthy: ({ url }) => responds(`${url}/healthcheck`),
};

async function startSwift(directory: string): Promise<Endpoints> {
  const [memcachedPort, proxyPort, ...storagePorts] = freePorts(2 + STORAGE.length);
  const rings = `${directory}/rings`;
  for (const part of ["rings", "devices", "devices/d1", "cache"]) {
    await Deno.mkdir(`${directory}/${part}`);
  }
  const ports = STORAGE.map((kind, i) => [kind, storagePorts[i]!] as const);
  await run("python3", ["-c", RINGS, directory, rings, JSON.stringify(ports)]);

  daemon(directory, "memcached", [
    ...["-l", "127.0.0.1", "-p", `${memcachedPort}`, "-U", "0"],
    ...(Deno.uid() === 0 ? ["-u", "root"] : []),
  ]);
  for (const [kind, port] of ports) {
    const conf = `${directory}/${kind}.conf`;
    await Deno.writeTextFile(conf, storageConfiguration(directory, rings, kind, port));
    daemon(directory, `swift-${kind}-server`, [conf, "-v"], SYNCING_NOTHING);
  }
  const url = await startProxy(directory, {
    port: proxyPort!,
    rings,
    memcachedPort: memcachedPort!,
    auth: "s3api tempauth",
    authSections: `[filter:tempauth]
use = egg:swift#tempauth
storage_url_scheme = http
user_test_tester = testing .admin
user_test_tester3 = testing3
user_test2_tester2 = testing2 .admin
`,
  });
  for (const port of [...storagePorts, proxyPort]) {
    await until("Swift", directory, () => responds(`http://127.0.0.1:${port}/healthcheck`));
  }
  return {
    url,
    rings,
    memcachedPort,
    authUrl: `${url}/auth/v1.0`,
    user: "test:tester",
    key: "testing",
    noRole: { user: "test:tester3", key: "testing3" },
    other: { user: "test2:tester2", key: "testing2" },
    s3: { url, region: "us-east-1", accessKey: "test:tester", secretKey: "testing" },
  };
}

/** What one proxy has and another has not. */
export interface ProxyOptions {
  port: number;
  /** The directory of the rings. */
  rings: string;
  memcachedPort: number;
  /** The authentication's part of the pipeline. */
  auth: string;
  /** The sections of that part. */
  authSections: string;
}

/** Starts a proxy, which responds at the resolved URL a little later. */
export async function startProxy(directory: string, options: ProxyOptions): Promise<string> {
  const conf = `${directory}/proxy.conf`;
  await Deno.writeTextFile(conf, proxyConfiguration(options));
  daemon(directory, "swift-proxy-server", [conf, "-v"]);
  return `http://127.0.0.1:${options.port}`;
}

/** Builds the three rings, and checks that the file system has user attributes, where Swift keeps metadata. */
const RINGS = `
import json, os, sys
from swift.common.ring import RingBuilder
directory, rings, ports = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
try:
    os.setxattr(directory, "user.swift", b"")
except OSError:
    sys.exit(f"{directory} takes no user extended attributes: set VITRINE_SERVICES_DIR")
for kind, port in ports:
    builder = RingBuilder(2, 1, 0)
    builder.add_dev({"region": 1, "zone": 1, "weight": 1, "ip": "127.0.0.1", "port": port, "device": "d1"})
    builder.rebalance()
    builder.get_ring().save(f"{rings}/{kind}.ring.gz")
`;

function storageConfiguration(
  directory: string,
  rings: string,
  kind: string,
  port: number,
): string {
  return `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
workers = ${kind === "object" ? 2 : 0}
swift_dir = ${rings}
devices = ${directory}/devices
mount_check = false
fallocate_reserve = 0
user = ${userName()}
[pipeline:main]
pipeline = healthcheck ${kind}-server
[app:${kind}-server]
use = egg:swift#${kind}
# Nothing makes good an update of a listing that a busy machine was too slow for.
conn_timeout = 5
node_timeout = 60
container_update_timeout = 60
recon_cache_path = ${directory}/cache
[filter:healthcheck]
use = egg:swift#healthcheck
`;
}

function proxyConfiguration(
  { port, rings, memcachedPort, auth, authSections }: ProxyOptions,
): string {
  const before = "catch_errors gatekeeper healthcheck proxy_logging";
  const between = "listing_formats bulk tempurl formpost";
  const after = "staticweb copy slo";
  const last = "versioned_writes symlink";
  const filters = `${before} ${between} ${after} ${last}`.split(" ");
  return `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
workers = 2
swift_dir = ${rings}
user = ${userName()}
[pipeline:main]
pipeline = ${before} cache ${between} ${auth} ${after} dlo ${last} proxy_logging proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
# There is one node of each kind: to give it up for a minute would be an outage.
conn_timeout = 5
node_timeout = 60
recoverable_node_timeout = 60
error_suppression_interval = 0
${filters.map((name) => `[filter:${name}]\nuse = egg:swift#${name}\n`).join("")}[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:${memcachedPort}
connect_timeout = 5
io_timeout = 10
[filter:dlo]
use = egg:swift#dlo
# The default of one segment a second makes a large object a slow one.
rate_limit_segments_per_sec = 0
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
check_bucket_owner = false
location = us-east-1
dns_compliant_bucket_names = false
${authSections}`;
}

function userName(): string {
  const entry = Deno.readTextFileSync("/etc/passwd").split("\n").map((line) => line.split(":"))
    .find(([, , uid]) => Number(uid) === Deno.uid());
  return entry?.[0] ?? `${Deno.uid()}`;
}
