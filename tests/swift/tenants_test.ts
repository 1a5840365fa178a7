/**
 * Multi-tenant stores: who can read and write what, shown by reading and writing.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import {
  BadStoreConfiguration,
  BadStoreUri,
  Duplicate,
  Forbidden,
  InvalidImageId,
  type Location,
  NotAuthenticated,
  NotFound,
  StoreAclsNotSupported,
  type StoreContext,
} from "../../mod.ts";
import { type SwiftOptions, SwiftStore } from "@vitrine/vitrine/swift";
import { pattern } from "../../conformance/data.ts";
import { type Endpoints, serviceTest } from "../services/mod.ts";
import { account, asUser, container, emptied, swift } from "./servers.ts";

/** Two tenants, a store, and alice's image of three segments in it. */
async function withImage(
  keystone: Endpoints,
  more: SwiftOptions,
  body: (given: {
    store: SwiftStore;
    location: Location;
    alice: StoreContext;
    bob: StoreContext;
    admin: StoreContext;
  }) => Promise<void>,
): Promise<void> {
  const [alice, bob, admin] = await Promise.all(
    ["alice", "bob", "admin"].map(async (name): Promise<StoreContext> => {
      const { token, catalog } = await account(asUser(keystone, keystone[name]));
      return { tenant: keystone[name].projectId, token, serviceCatalog: catalog! };
    }),
  ) as [StoreContext, StoreContext, StoreContext];
  const options: SwiftOptions = {
    // Names the Swift, so that an anonymous read may go there.
    ...asUser(keystone, keystone.admin),
    multiTenant: true,
    container: container(),
    createContainerOnPut: true,
    largeObjectSize: 1,
    largeObjectChunkSize: 1,
    ...more,
  };
  await using store = new SwiftStore("shared", options);
  try {
    const { location } = await store.add("a", pattern(2_500_000), { context: alice });
    await body({ store, location, alice, bob, admin });
  } finally {
    for (const user of ["alice", "bob", "admin"]) {
      await emptied({ ...asUser(keystone, keystone[user]), container: options.container! });
    }
  }
}

/** Whether the caller reads the image whole. */
async function reads(
  store: SwiftStore,
  location: Location,
  context: StoreContext,
): Promise<boolean> {
  try {
    const { stream } = await store.get(location, { context });
    const { length } = new Uint8Array(await new Response(stream).arrayBuffer());
    assertEquals(length, 2_500_000);
    return true;
  } catch (error) {
    if (error instanceof Forbidden || error instanceof NotAuthenticated) return false;
    throw error;
  }
}

serviceTest(
  "swift: a tenant reads what setAcls grants, and not after it is taken back",
  "keystone",
  ({ keystone }) =>
    withImage(keystone, {}, async ({ store, location, alice, bob }) => {
      const anonymous: StoreContext = {};
      const who = async () => [
        await reads(store, location, alice),
        await reads(store, location, bob),
        await reads(store, location, anonymous),
      ];
      const grant = (acls: Parameters<SwiftStore["setAcls"]>[1]) =>
        store.setAcls(location, acls, { context: alice });
      const granted = () => store.getAcls(location, { context: alice });
      const closed = { public: false, readTenants: [], writeTenants: [] };

      assertEquals(await granted(), closed);
      assertEquals(await who(), [true, false, false]);
      await grant({ readTenants: [bob.tenant!] });
      assertEquals(await granted(), { ...closed, readTenants: [bob.tenant!] });
      assertEquals(await who(), [true, true, false]);
      await grant({ readTenants: ["*"] });
      assertEquals(await granted(), { ...closed, readTenants: ["*"] });
      assertEquals(await who(), [true, true, false]);
      await grant({ public: true });
      assertEquals(await granted(), { ...closed, public: true });
      assertEquals(await who(), [true, true, true]);
      await grant({});
      assertEquals(await granted(), closed);
      assertEquals(await who(), [true, false, false]);
    }),
);

serviceTest(
  "swift: a tenant that may write deletes an image, one that may read does not",
  "keystone",
  ({ keystone }) =>
    withImage(keystone, {}, async ({ store, location, alice, bob }) => {
      const readTenants = [bob.tenant!];
      await assertRejects(() => store.delete(location, { context: bob }), Forbidden);
      await store.setAcls(location, { readTenants }, { context: alice });
      await assertRejects(() => store.delete(location, { context: bob }), Forbidden);
      assertEquals(await reads(store, location, bob), true);
      // Who may write an image changes nobody's rights.
      await store.setAcls(location, { readTenants, writeTenants: readTenants }, { context: alice });
      await assertRejects(() => store.setAcls(location, {}, { context: bob }), Forbidden);
      await store.delete(location, { context: bob });
      await assertRejects(() => store.get(location, { context: alice }), NotFound);
      // The container is left, since it is alice's; what was granted is not.
      await store.add("a", pattern(2_500_000), { context: alice });
      assertEquals(await reads(store, location, alice), true);
      assertEquals(await reads(store, location, bob), false);
    }),
);

serviceTest(
  "swift: admin tenants read and write every image, whatever its ACLs",
  "keystone",
  async ({ keystone }) => {
    const adminTenants = [keystone.bob.projectId];
    await withImage(keystone, { adminTenants }, async ({ store, location, alice, bob, admin }) => {
      assertEquals(await reads(store, location, bob), true);
      assertEquals(await reads(store, location, admin), false);
      await store.setAcls(location, { public: true }, { context: alice });
      await store.setAcls(location, {}, { context: alice });
      assertEquals(await reads(store, location, bob), true);
      assertEquals(await store.getAcls(location, { context: alice }), {
        public: false,
        readTenants: [],
        writeTenants: [],
      });
      await store.delete(location, { context: bob });
    });
  },
);

serviceTest(
  "swift: callers have trees of their own, and containers come and go with their images",
  "keystone",
  ({ keystone }) =>
    withImage(keystone, {}, async ({ store, location, alice, bob }) => {
      const ids = async (context: StoreContext) =>
        (await Array.fromAsync(store.list({ context }))).map(({ path, size }) => [path, size]);
      assertEquals(await ids(alice), [["a", 2_500_000]]);
      assertEquals(await ids(bob), []);
      await assertRejects(() => store.get("a", { context: bob }), NotFound);
      await store.add("a", pattern(10), { context: bob });
      assertEquals(await ids(bob), [["a", 10]]);
      assertEquals(await ids(alice), [["a", 2_500_000]]);
      await assertRejects(() => store.add("a", pattern(10), { context: alice }), Duplicate);
      await assertRejects(() => store.add("a/b", pattern(10), { context: alice }), InvalidImageId);
      await store.copy("a", "b", { context: alice });
      await store.delete("b", { context: alice });
      await assertRejects(() =>
        store.add("c", new ReadableStream({ pull: (stream) => stream.error(new Error("broke")) }), {
          context: alice,
        })
      );
      await store.delete(location, { context: alice });
      await store.delete("a", { context: bob });
      for (const user of ["alice", "bob"]) {
        const { names } = await account(asUser(keystone, keystone[user]));
        const left = (await names()).filter((name) => location.uri().includes(name.slice(0, 20)));
        assertEquals(left, [], user);
      }
    }),
);

serviceTest(
  "swift: a token is sent to the Swift of the catalog alone",
  "keystone",
  ({ keystone }) =>
    withImage(keystone, {}, async ({ store, location, alice }) => {
      let asked = 0;
      await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
        asked++;
        return new Response(null, { status: 404 });
      });
      const address = `127.0.0.1:${server.addr.port}`;
      const elsewhere = location.uri().replace(/127\.0\.0\.1:\d+/, address);
      await assertRejects(() => store.get(elsewhere, { context: alice }), BadStoreUri);
      await assertRejects(() => store.delete(elsewhere, { context: alice }), BadStoreUri);
      await assertRejects(() => store.get(elsewhere), BadStoreUri);
      assertEquals(asked, 0);
    }),
);

serviceTest(
  "swift: a caller's account is known by catalog, by Keystone or by the endpoint, or refused",
  "keystone",
  ({ keystone }) =>
    withImage(keystone, {}, async ({ store, alice }) => {
      const { token, tenant, serviceCatalog } = alice;
      const size = async (options: SwiftOptions, context: StoreContext) => {
        await using other = new SwiftStore("other", {
          multiTenant: true,
          container: store["options"].container,
          ...options,
        });
        return await other.getSize("a", { context });
      };
      const authAddress = keystone.authUrl;
      const endpoint = `${keystone.url}/v1/AUTH_%(project_id)s`;
      assertEquals(await size({}, { token, serviceCatalog }), 2_500_000);
      assertEquals(await size({ authAddress }, { token }), 2_500_000);
      assertEquals(await size({}, { token, authUrl: authAddress }), 2_500_000);
      assertEquals(await size({ authAddress }, { token, authUrl: `${authAddress}/` }), 2_500_000);
      assertEquals(await size({ endpoint }, { token, tenant }), 2_500_000);
      assertEquals(await size({ endpoint, authAddress }, { token }), 2_500_000);

      const authUrl = "http://127.0.0.1:1/v3";
      await assertRejects(() => size({}, { token }), BadStoreConfiguration);
      await assertRejects(() => size({ authAddress }, { token, authUrl }), BadStoreConfiguration);
      await assertRejects(() => size({ authAddress }, { tenant }), BadStoreConfiguration);
      const stale = { token: "stale" };
      await assertRejects(() => size({ authAddress }, stale), NotAuthenticated, "Keystone");
      await assertRejects(() => size({}, { ...stale, serviceCatalog }), NotAuthenticated);
    }),
);

serviceTest(
  "swift: Keystone is asked about a caller's token once",
  "keystone",
  ({ keystone }) => {
    let asked = 0;
    const counting: SwiftOptions["fetch"] = async (url, init) => {
      if (init.method === "GET" && url.includes("/auth/tokens")) asked++;
      return await fetch(url, init);
    };
    const options = { useTrusts: false, fetch: counting };
    return withImage(keystone, options, async ({ store, alice: { token }, bob }) => {
      assertEquals(asked, 0);
      await Promise.all([
        store.stat("a", { context: { token } }),
        store.getAcls("a", { context: { token } }),
      ]);
      assertEquals(asked, 1);
      await assertRejects(() => store.stat("a", { context: { token: bob.token } }), NotFound);
      assertEquals(asked, 2);
    });
  },
);

serviceTest("swift: a single-tenant store refuses ACLs, and says so", "swift", async () => {
  await using store = new SwiftStore("single", { ...swift!, container: container() });
  for (const call of [() => store.setAcls("a", { public: true }), () => store.getAcls("a")]) {
    const { message } = await assertRejects(call, StoreAclsNotSupported);
    assertEquals(message.includes("single"), true, message);
  }
});

serviceTest(
  "swift: a long upload goes by a trust, which is gone after it",
  "keystone",
  ({ keystone }) => {
    const requests: string[] = [];
    const tokens = new Set<string>();
    const watched: SwiftOptions["fetch"] = async (url, init) => {
      const { pathname } = new URL(url);
      requests.push(`${init.method} ${pathname}`);
      if (init.method === "PUT" && pathname.includes(".segments") && !pathname.includes("claims")) {
        tokens.add(new Headers(init.headers).get("x-auth-token")!);
      }
      return await fetch(url, init);
    };
    const options = { ...asUser(keystone, keystone.bob), fetch: watched };
    return withImage(keystone, options, async ({ store, location, alice }) => {
      const trusts = requests.filter((request) => request.includes("OS-TRUST"));
      assertEquals(trusts.map((request) => request.split("/trusts")[0]), [
        "POST /v3/OS-TRUST",
        "DELETE /v3/OS-TRUST",
      ]);
      assertEquals(tokens.size, 1);
      assertEquals(tokens.has(alice.token!), false, "the caller's token carried the segments");
      assertEquals(await reads(store, location, alice), true);

      requests.length = 0;
      await store.add("small", pattern(10), { context: alice });
      assertEquals(requests.filter((request) => request.includes("OS-TRUST")), []);

      const unwilling = { ...asUser(keystone, keystone.bob), key: "wrong" };
      await using other = new SwiftStore("other", { ...store["options"], ...unwilling });
      await other.add("untrusted", pattern(2_500_000), { context: alice });
      assertEquals(await other.getSize("untrusted", { context: alice }), 2_500_000);
    });
  },
);

serviceTest(
  "swift: a long upload that fails after its caller's token has ended leaves nothing",
  "keystone",
  ({ keystone }) => {
    let ended: string | undefined;
    const ending: SwiftOptions["fetch"] = async (url, init) => {
      const isEnded = ended !== undefined &&
        new Headers(init.headers).get("x-auth-token") === ended;
      return isEnded ? new Response(null, { status: 401 }) : await fetch(url, init);
    };
    const options = { ...asUser(keystone, keystone.bob), fetch: ending, concurrency: 1 };
    return withImage(keystone, options, async ({ store, alice }) => {
      const { names } = await account(asUser(keystone, keystone.alice));
      const { container } = store["options"];
      const broken = new ReadableStream<Uint8Array>({
        async pull(stream) {
          if ((await names(`${container}_broken`)).length === 0) {
            return stream.enqueue(pattern(1_500_000));
          }
          ended = alice.token;
          stream.error(new Error("broke"));
        },
      });
      await assertRejects(() => store.add("broken", broken, { context: alice }));
      ended = undefined;
      assertEquals((await names()).filter((name) => name === `${container}_broken`), []);
    });
  },
);
