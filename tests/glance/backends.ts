/**
 * A glance-api.conf with a store of every kind on the servers that run here.
 *
 * @module
 */
import { join } from "@std/path";
import type { StoreContext } from "../../mod.ts";
import { type Endpoints, service } from "../services/mod.ts";
import { account, asUser } from "../swift/servers.ts";

/** A folder with a configuration, and what is in its stores. */
export interface Place extends AsyncDisposable {
  /** Path of the glance-api.conf. */
  configuration: string;
  /** Path of the folder. */
  folder: string;
  /** What the names of this run's images begin with. */
  token: string;
  /** Names of the stores. */
  stores: string[];
  /** The http store's files, which are at `url`. */
  web: { folder: string; url: string } | undefined;
  /** The caller of a multi-tenant store. */
  caller: Caller | undefined;
}

/** A tenant that calls, in the form of each peer. */
export interface Caller {
  /** The form of Vitrine. */
  vitrine: StoreContext;
  /** The form of glance_store: the names of a request's context in Glance. */
  glance: Record<string, unknown>;
}

/** Makes the folder; `chosen` are the stores that are wanted, whose servers must run. */
export async function makePlace(chosen: readonly string[]): Promise<Place> {
  const folder = await Deno.makeTempDir({ prefix: "vitrine-glance-" });
  const token = `vg${crypto.randomUUID().slice(0, 8)}`;
  const at = async (name: string): Promise<Endpoints | undefined> => await service(name);
  const [nginx, ceph, swift, keystone] = await Promise.all(
    ["nginx", "ceph", "swift", "keystone"].map(at),
  );

  const sections: Record<string, [type: string, lines: string[]]> = {};
  await Deno.mkdir(join(folder, "files"));
  sections.files = ["file", [`filesystem_store_datadir = ${join(folder, "files")}`]];
  let web: Place["web"];
  if (nginx) {
    web = { folder: join(nginx.root, token), url: `${nginx.url}${token}/` };
    await Deno.mkdir(web.folder);
    sections.web = ["http", [
      "vitrine_allowed_networks = 127.0.0.0/8",
      `vitrine_base_url = ${web.url}`,
      "vitrine_retries = 0",
    ]];
  }
  if (ceph) {
    const { s3, confPath, user, pool } = ceph;
    sections.objects = ["s3", [
      `s3_store_host = ${s3.url}`,
      `s3_store_access_key = ${s3.accessKey}`,
      `s3_store_secret_key = ${s3.secretKey}`,
      `s3_store_bucket = ${token}`,
      "s3_store_create_bucket_on_put = true",
      "s3_store_bucket_url_format = path",
      "s3_store_large_object_size = 6",
      "s3_store_large_object_chunk_size = 5",
      "vitrine_keys_in_locations = true",
    ]];
    sections.ceph = ["rbd", [
      `rbd_store_ceph_conf = ${confPath}`,
      `rbd_store_user = ${user}`,
      `rbd_store_pool = ${pool}`,
      "rbd_store_chunk_size = 4",
    ]];
  }
  const swiftLines = [
    `swift_store_container = ${token}`,
    "swift_store_create_container_on_put = true",
    "swift_store_large_object_size = 2",
    "swift_store_large_object_chunk_size = 1",
  ];
  if (swift) {
    sections.swift = ["swift", [
      "swift_store_auth_version = 1",
      `swift_store_auth_address = ${swift.authUrl}`,
      `swift_store_user = ${swift.user}`,
      `swift_store_key = ${swift.key}`,
      "vitrine_large_object_type = dlo",
      ...swiftLines,
    ]];
  }
  if (keystone) {
    const { authUrl, alice } = keystone;
    await Deno.writeTextFile(
      join(folder, "accounts.conf"),
      `[blue]\nuser = ${alice.project}:${alice.name}\nkey = ${alice.password}\n` +
        `auth_address = ${authUrl}\nauth_version = 3\n`,
    );
    sections.accounts = ["swift", [
      "swift_store_config_file = accounts.conf",
      "default_swift_reference = blue",
      "swift_store_multiple_containers_seed = 3",
      ...swiftLines,
    ]];
    sections.tenants = ["swift", ["swift_store_multi_tenant = true", ...swiftLines]];
  }

  const stores = Object.keys(sections).filter((name) => chosen.includes(name));
  const configuration = join(folder, "glance-api.conf");
  await Deno.writeTextFile(
    configuration,
    [
      "[DEFAULT]",
      `enabled_backends = ${stores.map((name) => `${name}:${sections[name]![0]}`).join(", ")}`,
      "[glance_store]",
      `default_backend = ${stores[0]}`,
      ...stores.flatMap((name) => [`[${name}]`, ...sections[name]![1]]),
      "",
    ].join("\n"),
  );
  return {
    configuration,
    folder,
    token,
    stores,
    web,
    caller: keystone && stores.includes("tenants") ? await callerOf(keystone) : undefined,
    async [Symbol.asyncDispose]() {
      await Deno.remove(folder, { recursive: true });
      if (web) await Deno.remove(web.folder, { recursive: true });
    },
  };
}

async function callerOf(keystone: Endpoints): Promise<Caller> {
  const { alice } = keystone;
  const { token, catalog, url } = await account(asUser(keystone, alice));
  const endpoints = [{ region: "RegionOne", publicURL: url, internalURL: url, adminURL: url }];
  return {
    vitrine: { tenant: alice.projectId, token, serviceCatalog: catalog! },
    glance: {
      auth_token: token,
      project_id: alice.projectId,
      user_id: alice.id,
      service_catalog: [{ type: "object-store", name: "swift", endpoints }],
    },
  };
}
