/**
 * The shapes of glance-api.conf that deployment tools write, with neutral names, and what becomes of
 * them: kolla-ansible, DevStack, openstack-helm, the Juju charm, Puppet.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { type Config, openStores } from "@vitrine/vitrine";
import { parseGlanceConf } from "@vitrine/vitrine/glance";

/** Reads a file, and opens the stores that it configures. The policy for formats is left out. */
async function read(
  text: string,
): Promise<{ config: Config; warnings: string[]; failed: string[] }> {
  const warnings: string[] = [];
  const files = [{ path: "glance-api.conf", text }];
  const config = await parseGlanceConf(files, { onWarning: (warning) => warnings.push(warning) });
  await using stores = await openStores(config, { env: {} });
  for (const store of Object.values(config.stores)) {
    if (!store.reserved) assertEquals(store["accept"], { unsafe: false, oddTables: false });
    delete store["accept"];
  }
  return { config, warnings, failed: [...stores.failures.keys()] };
}

Deno.test("parseGlanceConf: kolla-ansible with Ceph, files and HTTP", async () => {
  const { config, warnings, failed } = await read(`
[DEFAULT]
debug = False
log_file = /var/log/kolla/glance/glance-api.log
worker_self_reference_url = http://control-1:9292
bind_host = 192.0.2.10
bind_port = 9292
workers = 5
enabled_backends = file:file, http:http, rbd:rbd
cinder_catalog_info = volume:cinder:internalURL
transport_url = rabbit://openstack:$%^{secret@192.0.2.10:5672//

[database]
connection = mysql+pymysql://glance:pass$word@192.0.2.100:3306/glance
connection_recycle_time = 10
max_pool_size = 1

[keystone_authtoken]
service_type = image
www_authenticate_uri = http://192.0.2.100:5000
auth_type = password
password = secret

[paste_deploy]
flavor = keystone

[glance_store]
default_backend = rbd

[file]
filesystem_store_datadir = /var/lib/glance/images/

[rbd]
rbd_store_user = glance
rbd_store_pool = images
rbd_store_ceph_conf = /etc/ceph/ceph.conf

[os_glance_tasks_store]
filesystem_store_datadir = /var/lib/glance/tasks_work_dir

[os_glance_staging_store]
filesystem_store_datadir = /var/lib/glance/staging

[oslo_middleware]
enable_proxy_headers_parsing = True
`);
  assertEquals([warnings, failed], [[], []]);
  assertEquals(config, {
    default: "rbd",
    stores: {
      file: { driver: "file", datadir: "/var/lib/glance/images/" },
      http: { driver: "http" },
      rbd: { driver: "rbd", pool: "images", user: "glance", cephConf: "/etc/ceph/ceph.conf" },
      os_glance_staging_store: {
        driver: "file",
        datadir: "/var/lib/glance/staging",
        reserved: true,
      },
      os_glance_tasks_store: {
        driver: "file",
        datadir: "/var/lib/glance/tasks_work_dir",
        reserved: true,
      },
    },
  });
});

Deno.test("parseGlanceConf: DevStack with two file stores, and with Swift alone", async () => {
  const two = await read(`
[DEFAULT]
logging_context_format_string = %(color)s%(levelname)s %(name)s [%(request_id)s] %(message)s
debug = True
enabled_backends = fast:file, cheap:file
default_log_levels = amqp=WARN,boto=WARN

[oslo_concurrency]
lock_path = /opt/stack/data/glance/locks

[glance_store]
default_backend = fast

[fast]
filesystem_store_datadir = /opt/stack/data/glance/fast/

[cheap]
filesystem_store_datadir = /opt/stack/data/glance/cheap/

[os_glance_tasks_store]
filesystem_store_datadir = /opt/stack/data/glance/os_glance_tasks_store

[os_glance_staging_store]
filesystem_store_datadir = /opt/stack/data/glance/os_glance_staging_store
`);
  assertEquals([two.warnings, two.failed], [[], []]);
  assertEquals([two.config.default, two.config.stores.cheap], ["fast", {
    driver: "file",
    datadir: "/opt/stack/data/glance/cheap/",
  }]);

  const swift = await read(`
[DEFAULT]
debug = True
[glance_store]
filesystem_store_datadir = /opt/stack/data/glance/images/
default_store = swift
stores = file, http, swift
swift_store_create_container_on_put = True
swift_store_config_file = /etc/glance/glance-swift-store.conf
default_swift_reference = ref1
`);
  assertEquals([swift.warnings, swift.failed], [[], []]);
  assertEquals(swift.config, {
    default: "swift",
    stores: {
      file: { driver: "file", datadir: "/opt/stack/data/glance/images/" },
      http: { driver: "http" },
      swift: {
        driver: "swift",
        configFile: "/etc/glance/glance-swift-store.conf",
        defaultSwiftReference: "ref1",
        createContainerOnPut: true,
      },
    },
  });
});

Deno.test("parseGlanceConf: openstack-helm, whose own options are unknown to the store", async () => {
  const { config, warnings, failed } = await read(`
[DEFAULT]
bind_port = 9292
enabled_backends = rbd:rbd
log_config_append = /etc/glance/logging.conf
[glance_store]
cinder_catalog_info = volumev3::internalURL
default_backend = rbd
[rbd]
rbd_store_ceph_conf = /etc/ceph/ceph.conf
rbd_store_chunk_size = 8
rbd_store_crush_rule = replicated_rule
rbd_store_pool = glance.images
rbd_store_replication = 3
rbd_store_user = glance
[oslo_middleware]
enable_proxy_headers_parsing = true
[paste_deploy]
flavor = keystone
`);
  assertEquals(warnings, [
    "glance-api.conf:12: [rbd] rbd_store_crush_rule is not known to any store: it is ignored",
    "glance-api.conf:14: [rbd] rbd_store_replication is not known to any store: it is ignored",
  ]);
  assertEquals(failed, []);
  assertEquals(config.stores.rbd, {
    driver: "rbd",
    chunkSize: 8,
    pool: "glance.images",
    user: "glance",
    cephConf: "/etc/ceph/ceph.conf",
  });
});

Deno.test("parseGlanceConf: the charm with files, Ceph, Swift and S3", async () => {
  const { config, warnings, failed } = await read(`
[DEFAULT]
verbose = False
use_syslog = False
bind_host = 0.0.0.0
bind_port = 9282
enabled_backends = local:file, ceph:rbd, swift:swift, s3:s3
show_multiple_locations = False

[glance_store]
default_backend = ceph

[local]
filesystem_store_datadir = /var/lib/glance/images/
store_description = Local filesystem store

[ceph]
rbd_store_ceph_conf = /etc/ceph/ceph.conf
rbd_store_user = glance
rbd_store_pool = glance
rbd_store_chunk_size = 8
store_description = RBD store

[swift]
default_swift_reference = swift
swift_store_config_file = /etc/glance/glance-swift.conf
swift_store_create_container_on_put = true
swift_store_large_object_size = 5120
swift_store_large_object_chunk_size = 200
store_description = Swift store

[s3]
s3_store_host = https://s3.example.com
s3_store_access_key = images-writer
s3_store_secret_key = "secret"
s3_store_bucket = images
s3_store_create_bucket_on_put = True
store_description = S3 backend

[image_format]
disk_formats = ami,ari,aki,vhd,vmdk,raw,qcow2,vdi,iso,root-tar
`);
  assertEquals([warnings, failed], [[], []]);
  assertEquals(config.default, "ceph");
  assertEquals(config.stores.local, {
    driver: "file",
    datadir: "/var/lib/glance/images/",
    description: "Local filesystem store",
  });
  assertEquals(config.stores.swift, {
    driver: "swift",
    description: "Swift store",
    configFile: "/etc/glance/glance-swift.conf",
    defaultSwiftReference: "swift",
    createContainerOnPut: true,
    largeObjectSize: 5120,
    largeObjectChunkSize: 200,
  });
  assertEquals(config.stores.s3!.secretKey, "secret");
});

Deno.test("parseGlanceConf: Puppet, with defaults written out", async () => {
  const { config, warnings, failed } = await read(`
[DEFAULT]
# From glance.api
enabled_backends=default_backend:rbd,http:http,nfs:file
enabled_import_methods=[web-download]
[glance_store]
default_backend=default_backend
[default_backend]
rbd_store_ceph_conf=/etc/ceph/ceph.conf
rbd_store_user=openstack
rbd_store_pool=images
rbd_store_chunk_size=<SERVICE DEFAULT>
rbd_thin_provisioning=False
rados_connect_timeout=<SERVICE DEFAULT>
weight=<SERVICE DEFAULT>
store_description=RBD backend
[http]
https_ca_certificates_file=<SERVICE DEFAULT>
https_insecure=<SERVICE DEFAULT>
http_proxy_information=<SERVICE DEFAULT>
[nfs]
filesystem_store_datadir=/var/lib/glance/images
filesystem_store_metadata_file=<SERVICE DEFAULT>
filesystem_store_file_perm=<SERVICE DEFAULT>
filesystem_thin_provisioning=<SERVICE DEFAULT>
weight=10
`);
  assertEquals([warnings, failed], [[], []]);
  assertEquals(config, {
    default: "default_backend",
    stores: {
      default_backend: {
        driver: "rbd",
        description: "RBD backend",
        pool: "images",
        user: "openstack",
        cephConf: "/etc/ceph/ceph.conf",
        thinProvisioning: false,
      },
      http: { driver: "http" },
      nfs: { driver: "file", weight: 10, datadir: "/var/lib/glance/images" },
    },
  });
});
