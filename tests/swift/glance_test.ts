/**
 * * glance_store and Vitrine on one Swift: what either adds the other gets, and deletes with nothing
 * left.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { NotFound, type StoreContext } from "../../mod.ts";
import { type SwiftOptions, SwiftStore } from "@vitrine/vitrine/swift";
import { assertBytes, bytesOf, pattern } from "../../conformance/data.ts";
import { type Endpoints, serviceTest } from "../services/mod.ts";
import { Peer } from "./peer.ts";
import { account, asUser, container, emptied, swift } from "./servers.ts";

/** glance_store's megabyte. */
const MB = 1_024_000;
/** Whole and segmented, with the boundaries between. */
const SIZES = [0, 1, MB - 1, MB, 2 * MB, 3 * MB + 7];

/** glance_store's names of the options that both sides are given. */
function glanceOptions(options: SwiftOptions): Record<string, unknown> {
  return {
    swift_store_auth_address: options.authAddress,
    swift_store_auth_version: options.authVersion ?? "3",
    swift_store_user: options.user,
    swift_store_key: options.key,
    swift_store_container: options.container,
    swift_store_create_container_on_put: true,
    swift_store_large_object_size: 2,
    swift_store_large_object_chunk_size: 1,
    swift_store_multi_tenant: options.multiTenant ?? false,
    swift_store_multiple_containers_seed: options.multipleContainersSeed ?? 0,
    ...(options.configFile ? { swift_store_config_file: options.configFile } : {}),
    default_swift_reference: options.defaultSwiftReference ?? "ref1",
  };
}

/** All that lies in the containers of a store. */
async function remains(options: SwiftOptions, login: SwiftOptions): Promise<string[]> {
  const { names } = await account(login);
  const containers = (await names()).filter((name) => name.startsWith(options.container!));
  const objects = await Promise.all(
    containers.map(async (name) => (await names(name)).map((object) => `${name}/${object}`)),
  );
  return objects.flat();
}

async function bothWays(
  python: string,
  options: SwiftOptions,
  { login = options, context, peerContext }: {
    login?: SwiftOptions;
    context?: StoreContext;
    peerContext?: unknown;
  } = {},
): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await using peer = new Peer(python, glanceOptions(options));
    for (const largeObjectType of ["slo", "dlo"] as const) {
      await using store = new SwiftStore("swift", {
        ...options,
        largeObjectSize: 2,
        largeObjectChunkSize: 1,
        largeObjectType,
      });
      for (const size of SIZES) {
        const bytes = pattern(size, size + 1);
        await Deno.writeFile(path, bytes);
        const [theirs, ours] = [crypto.randomUUID(), crypto.randomUUID()];

        const added = await peer.run("add", { id: theirs, path, size, context: peerContext });
        const { checksum, multihash: value } = added;
        const verify = { checksum, multihash: { algo: "sha512", value } };
        const { stream } = await store.get(added.uri, { context, verify });
        assertBytes(new Uint8Array(await new Response(stream).arrayBuffer()), bytes);
        const range = { offset: Math.floor(size / 2), length: 10, context };
        assertBytes(
          await bytesOf(store, added.uri, range),
          bytes.subarray(range.offset, range.offset + 10),
        );
        assertEquals((await store.stat(added.uri, { context })).location.imageId, theirs);

        const { location, ...digests } = await store.add(ours, bytes, { context });
        assertEquals([digests.checksum, digests.multihash.value], [checksum, value]);
        await peer.run("get", { uri: location.uri(), path, context: peerContext });
        assertBytes(await Deno.readFile(path), bytes);

        const listed = await Array.fromAsync(store.list({ recursive: true, context }));
        assertEquals(listed.map(({ path }) => path).sort(), [ours, theirs].sort());

        await store.delete(added.uri, { context });
        await peer.run("delete", { uri: location.uri(), context: peerContext });
        await assertRejects(() => store.stat(ours, { context }), NotFound);
        await assertRejects(() => store.stat(theirs, { context }), NotFound);
        assertEquals(await remains(options, login), [], `left of ${size} bytes`);
      }
    }
  } finally {
    await Deno.remove(path);
    await emptied({ ...login, container: options.container! });
  }
}

serviceTest(
  "swift: glance_store and Vitrine read and delete each other's images with auth v1",
  ["swift", "glance_store"],
  ({ glance_store }) => bothWays(glance_store.python, { ...swift!, container: container() }),
);

serviceTest(
  "swift: glance_store and Vitrine read and delete each other's images in many containers",
  ["swift", "glance_store"],
  ({ glance_store }) =>
    bothWays(glance_store.python, { ...swift!, container: container(), multipleContainersSeed: 9 }),
);

serviceTest(
  "swift: glance_store and Vitrine share a file of accounts on Keystone v3",
  ["keystone", "glance_store"],
  async ({ keystone, glance_store }) => {
    const { authUrl, alice, domain } = keystone;
    const configFile = await Deno.makeTempFile();
    await Deno.writeTextFile(
      configFile,
      `[blue]\nuser = "${alice.project}:${alice.name}"\nkey = '${alice.password}'\n` +
        `auth_address = ${authUrl}\nauth_version = 3\n` +
        `user_domain_name = ${domain.name}\nproject_domain_name = ${domain.name}\n`,
    );
    try {
      await bothWays(glance_store.python, {
        configFile,
        defaultSwiftReference: "blue",
        container: container(),
        createContainerOnPut: true,
      }, { login: asUser(keystone, alice) });
    } finally {
      await Deno.remove(configFile);
    }
  },
);

serviceTest(
  "swift: glance_store and Vitrine read and delete each other's images in callers' accounts",
  ["keystone", "glance_store"],
  async ({ keystone, glance_store }) => {
    const alice = asUser(keystone, keystone.alice);
    const { token, catalog, url } = await account(alice);
    const context = { tenant: keystone.alice.projectId, token, serviceCatalog: catalog! };
    const peerContext = {
      auth_token: token,
      project_id: keystone.alice.projectId,
      user_id: keystone.alice.id,
      service_catalog: catalogV2(url),
    };
    const options = { multiTenant: true, container: container(), createContainerOnPut: true };
    await bothWays(glance_store.python, options, { login: alice, context, peerContext });
    const { names } = await account(alice);
    const left = (await names()).filter((name) => name.startsWith(options.container));
    assertEquals(left, [], "containers");
  },
);

serviceTest(
  "swift: a location that glance_store writes with credentials is read with them, and not printed",
  ["swift", "glance_store"],
  async ({ swift: { other }, glance_store }) => {
    const theirs = { ...swift!, ...other, container: container() };
    const path = await Deno.makeTempFile();
    try {
      await Deno.writeTextFile(path, "of another account");
      await using peer = new Peer(glance_store.python, glanceOptions(theirs));
      const { uri } = await peer.run("add", { id: "elsewhere", path, size: 18 });
      assert(uri.includes("testing2"), uri);
      await using store = new SwiftStore("swift", { ...swift!, container: theirs.container });
      assertEquals(new TextDecoder().decode(await bytesOf(store, uri)), "of another account");
      const { location } = await store.stat(uri);
      assertEquals(location.imageId, undefined);
      assert(!`${location}`.includes("testing2"));
      const missing = await assertRejects(
        () => store.get(uri.replace(/elsewhere$/, "x")),
        NotFound,
      );
      assert(!missing.message.includes("testing2"), missing.message);
      await store.delete(uri);
      assertEquals((await peer.request("get", { uri, path })).error, "NotFound");
    } finally {
      await Deno.remove(path);
      await emptied(theirs);
    }
  },
);

/** A service catalog as Keystone's middleware hands it on, which is all that glance_store reads. */
function catalogV2(url: string): Endpoints[] {
  const endpoints = [{ region: "RegionOne", publicURL: url, internalURL: url, adminURL: url }];
  return [{ type: "object-store", name: "swift", endpoints }];
}
