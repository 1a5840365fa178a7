/**
 * Logging in: versions, credentials, domains, catalogs, files of accounts.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import {
  AuthBadRequest,
  AuthorizationFailure,
  AuthUrlNotFound,
  BadStoreConfiguration,
  NoServiceEndpoint,
  NotFound,
  RegionAmbiguity,
  StoreAddDisabled,
} from "../../mod.ts";
import { endpointOf } from "../../drivers/swift/catalog.ts";
import { parseConfigFile } from "../../drivers/swift/config_file.ts";
import type { SwiftSettings } from "../../drivers/swift/options.ts";
import { loadCredentials } from "../../drivers/swift/credentials.ts";
import { LoginSession } from "../../drivers/swift/session.ts";
import { type SwiftOptions, SwiftStore } from "@vitrine/vitrine/swift";
import { pattern } from "../../conformance/data.ts";
import { serviceTest } from "../services/mod.ts";
import { account, asUser, container, emptied, swift } from "./servers.ts";

/** Adds, reads and deletes an image as the options log in. */
async function works(options: SwiftOptions, cleaner: SwiftOptions): Promise<void> {
  const all = { ...options, container: container(), createContainerOnPut: true };
  await using store = new SwiftStore("login", all);
  try {
    const { location } = await store.add("a", pattern(3));
    assertEquals(await store.getSize(location.uri()), 3);
    const { names } = await account(cleaner);
    assertEquals(await names(all.container), ["a"]);
    await store.delete("a");
  } finally {
    await emptied({ ...cleaner, container: all.container });
  }
}

serviceTest(
  "swift: Keystone v3 by password, token and application credential",
  "keystone",
  async ({ keystone }) => {
    const { authUrl, alice, region } = keystone;
    const login = asUser(keystone, alice);
    const { token } = await account(login);
    await works({ ...login, region }, login);
    await works({ ...login, authAddress: authUrl.replace(/\/v3$/, "/") }, login);
    await works({ ...login, userDomainName: "Default", projectDomainName: "Default" }, login);
    await works({ ...login, userDomainId: "default", projectDomainId: "default" }, login);
    await works({
      authAddress: authUrl,
      user: alice.name,
      projectName: alice.project,
      key: alice.password,
    }, login);
    await works({
      authAddress: authUrl,
      user: alice.name,
      projectId: alice.projectId,
      key: alice.password,
    }, login);
    await works({ authAddress: authUrl, authToken: token, projectId: alice.projectId }, login);
    for (const endpointType of ["internalURL", "adminURL"] as const) {
      await works({ ...login, endpointType }, login);
    }

    const response = await fetch(`${authUrl}/users/${alice.id}/application_credentials`, {
      method: "POST",
      headers: { "x-auth-token": token, "content-type": "application/json" },
      body: JSON.stringify({ application_credential: { name: crypto.randomUUID() } }),
    });
    const { application_credential: { id, secret } } = await response.json();
    await works({
      authAddress: authUrl,
      applicationCredentialId: id,
      applicationCredentialSecret: secret,
    }, login);

    const { url } = await account(login);
    await works({ ...login, endpoint: url, region: "elsewhere" }, login);
    const wrong: [SwiftOptions, new (detail: string) => Error][] = [
      [{ ...login, key: "wrong-password" }, AuthorizationFailure],
      [{ ...login, userDomainName: "Nowhere" }, AuthorizationFailure],
      [{ ...login, region: "Nowhere" }, NoServiceEndpoint],
      [{ ...login, serviceType: "volume" }, NoServiceEndpoint],
      [{ ...login, authVersion: "2" }, AuthUrlNotFound],
    ];
    for (const [options, kind] of wrong) {
      await using store = new SwiftStore("wrong", { retries: 0, ...options });
      const { message } = await assertRejects(() => store.stat("a"), kind);
      assert(!message.includes("wrong-password"), message);
    }
  },
);

serviceTest(
  "swift: a wrong login of auth v1 says what is wrong, and not the key",
  "swift",
  async () => {
    const wrong: [SwiftOptions, new (detail: string) => Error][] = [
      [{ ...swift!, key: "wrong-password" }, AuthorizationFailure],
      [{ ...swift!, authAddress: swift!.authAddress!.replace("v1.0", "v9") }, AuthBadRequest],
      [{ ...swift!, authVersion: "3" }, AuthUrlNotFound],
    ];
    for (const [options, kind] of wrong) {
      await using store = new SwiftStore("wrong", { retries: 0, ...options });
      const { message } = await assertRejects(() => store.stat("a"), kind);
      assert(!message.includes("wrong-password"), message);
    }
  },
);

Deno.test("Keystone v2.0: logs in by password and gives the endpoint of the region", async () => {
  const asked: unknown[] = [];
  const fetch: SwiftOptions["fetch"] = async (url, init) => {
    const headers = Object.fromEntries(new Headers(init.headers));
    asked.push([init.method, url, headers["x-auth-token"]]);
    if (!url.endsWith("/v2.0/tokens")) return new Response(null, { headers: { etag: "e" } });
    asked.push(JSON.parse(await new Response(init.body).text()));
    const endpoints = ["one", "two"].map((region) => ({
      region,
      publicURL: `https://${region}.example.org/v1/AUTH_p`,
    }));
    return Response.json({
      access: {
        token: { id: "v2-token", expires: "2999-01-01T00:00:00Z", tenant: { id: "p" } },
        serviceCatalog: [{ type: "object-store", endpoints }],
        user: { id: "u", roles: [] },
      },
    });
  };
  const options = { authVersion: "2", user: "pro:me", key: "pw", region: "two", fetch } as const;
  await using store = new SwiftStore("v2", {
    ...options,
    authAddress: "https://keystone.example.org:5000/v2.0/",
  });
  await store.stat("a");
  assertEquals(asked, [
    ["POST", "https://keystone.example.org:5000/v2.0/tokens", undefined],
    {
      auth: { passwordCredentials: { username: "me", password: "pw" }, tenantName: "pro" },
    },
    ["HEAD", "https://two.example.org/v1/AUTH_p/glance/a", "v2-token"],
  ]);
});

Deno.test("LoginSession: a token is renewed before it expires, once for all waiting requests, and again after a failure", async () => {
  let logins = 0;
  let failing = true;
  const session = new LoginSession(async () => {
    logins++;
    await Promise.resolve();
    if (failing) throw new Error("Keystone is away");
    // The second login's token lives long enough, the first one's does not.
    const expires = Date.now() + (logins === 2 ? 59_000 : 3_600_000);
    return { token: `${logins}`, accountUrl: "https://swift.example.org", expires };
  }, 60_000);
  await Promise.all(Array.from({ length: 5 }, () => assertRejects(() => session.access())));
  assertEquals(logins, 1);
  failing = false;
  const soon = await Promise.all(Array.from({ length: 5 }, () => session.access()));
  assertEquals(new Set(soon.map(({ token }) => token)), new Set(["2"]));
  const late = await Promise.all(Array.from({ length: 5 }, () => session.access()));
  assertEquals(new Set(late.map(({ token }) => token)), new Set(["3"]));
  // Who was refused with an old token takes the one that is there.
  assertEquals(await session.renew(soon[0]!), true);
  assertEquals(logins, 3);
  await Promise.all(late.map((access) => session.renew(access)));
  assertEquals(logins, 4);
});

Deno.test("LoginSession: an aborted request does not wait for a login, which goes on for the others", async () => {
  const asked = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  let logins = 0;
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const { pathname, origin } = new URL(request.url);
      if (pathname !== "/auth/v1.0") return new Response("abc", { headers: { etag: "a" } });
      logins++;
      asked.resolve();
      await released.promise;
      const home = `${origin}/v1/AUTH_x`;
      return new Response(null, { headers: { "x-auth-token": "t", "x-storage-url": home } });
    },
  );
  const authAddress = `http://127.0.0.1:${server.addr.port}/auth/v1.0`;
  await using store = new SwiftStore("slow", {
    ...{ authVersion: "1", authAddress, user: "u", key: "k" },
    ...{ timeout: 10_000, retries: 0 },
  });
  const patient = store.stat("a");
  await asked.promise;
  const reason = new Error("enough");
  const operations: ((signal: AbortSignal) => Promise<unknown>)[] = [
    (signal) => store.stat("a", { signal }),
    (signal) => store.get("a", { signal }),
    (signal) => store.add("b", pattern(3), { signal }),
    (signal) => Array.fromAsync(store.list({ signal })),
  ];
  for (const operation of operations) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 100);
    assertStrictEquals(await assertRejects(() => operation(controller.signal)), reason);
  }
  released.resolve();
  assertEquals((await patient).size, 3);
  assertEquals(logins, 1);
});

serviceTest(
  "swift: who aborts does not wait until Keystone knows a caller",
  "keystone",
  async ({ keystone }) => {
    const { token } = await account(asUser(keystone, keystone.alice));
    const asked = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    const held: SwiftOptions["fetch"] = async (url, init) => {
      if (url.includes("/auth/tokens")) {
        asked.resolve();
        await released.promise;
      }
      return await fetch(url, init);
    };
    const { authUrl: authAddress } = keystone;
    await using store = new SwiftStore("tenants", {
      ...{ authAddress, multiTenant: true, fetch: held, timeout: 10_000, retries: 0 },
    });
    const context = { token };
    const patient = assertRejects(() => store.stat("missing", { context }), NotFound);
    await asked.promise;
    const controller = new AbortController();
    const { signal } = controller;
    const failures = ["stat", "delete"].map((name) =>
      assertRejects(() => store[name as "stat" | "delete"]("missing", { context, signal }))
    );
    const reason = new Error("enough");
    setTimeout(() => controller.abort(reason), 100);
    for (const failure of failures) assertStrictEquals(await failure, reason);
    released.resolve();
    await patient;
  },
);

Deno.test("endpointOf: gives the endpoint by type, interface and region", () => {
  const catalog = ["one", "two"].map((region) => ({
    type: "object-store",
    endpoints: ["public", "internal"].map((face) => ({
      interface: face,
      region_id: region,
      url: `https://${face}.${region}`,
    })),
  }));
  const wanted = { serviceType: "object-store", endpointType: "publicURL" } as const;
  assertEquals(endpointOf(catalog, { ...wanted, region: "two" }), "https://public.two");
  const internal = { ...wanted, endpointType: "internalURL", region: "one" } as const;
  assertEquals(endpointOf(catalog, internal), "https://internal.one");
  assertThrows(() => endpointOf(catalog, wanted), RegionAmbiguity);
  assertThrows(() => endpointOf(catalog, { ...wanted, region: "three" }), NoServiceEndpoint);
  assertThrows(() => endpointOf([], wanted), NoServiceEndpoint);
  assertThrows(() => endpointOf(catalog, { ...wanted, serviceType: "image" }), NoServiceEndpoint);
});

Deno.test("parseConfigFile: a file of accounts is read as Python and glance_store read it is read as Python and glance_store read it", () => {
  const text = [
    "# a comment",
    "[DEFAULT]",
    "auth_version = 3",
    "[ref1]",
    "user: 'pro:me'",
    'key = "a;b#c = d%%"',
    "Auth_Address=https://one/v3",
    "  /more",
    "",
    "[ref 2]",
    "auth_version = 1",
    "key =",
  ].join("\r\n");
  assertEquals(parseConfigFile(text), {
    ref1: {
      auth_version: "3",
      user: "pro:me",
      key: "a;b#c = d%",
      auth_address: "https://one/v3\n/more",
    },
    "ref 2": { auth_version: "1", key: "" },
  });
  for (
    const [text, why] of [
      ["key = secret", "line 1"],
      ["[a]\nsecret", "line 2"],
      ["[a]\nkey = 'secret", "key of account a"],
      ["[a]\nkey = 5%secret", "key of account a"],
    ]
  ) {
    const { message } = assertThrows(() => parseConfigFile(text!), BadStoreConfiguration);
    assert(message.includes(why!) && !message.includes("secret"), message);
  }
});

Deno.test("SwiftStore: takes empty values of the file of accounts for unset", async () => {
  const configFile = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(
      configFile,
      "[ref1]\nauth_version = 3\nauth_address = http://127.0.0.1:1/v3\nuser = pro:me\nkey = k\n" +
        "project_domain_id =\nuser_domain_id = <SERVICE DEFAULT>\n",
    );
    const references = await loadCredentials({ configFile, authVersion: "2" } as SwiftSettings);
    assertEquals(Object.keys(references.get("ref1")!).sort(), [
      "authAddress",
      "authVersion",
      "key",
      "user",
    ]);
  } finally {
    await Deno.remove(configFile);
  }
});

Deno.test("SwiftStore: options that cannot be meant are refused, by name", () => {
  const login = { authAddress: "https://k/v3", user: "p:u", key: "k" };
  const cases: [SwiftOptions, string][] = [
    [{ ...login, authAddress: "keystone:5000" }, "authAddress"],
    [{ ...login, key: "" }, "user and key"],
    [{ ...login, user: "u" }, "project"],
    [{ ...login, applicationCredentialId: "i" }, "applicationCredentialSecret"],
    [{ ...login, authVersion: "1", authToken: "t" }, "v3"],
    [{ ...login, multiTenant: true, multipleContainersSeed: 1 }, "multipleContainersSeed"],
    [{ multiTenant: true, configFile: "/etc/glance/swift.conf" }, "configFile"],
    [{ ...login, multipleContainersSeed: 33 }, "multipleContainersSeed"],
    [{ ...login, largeObjectChunkSize: 0 }, "largeObjectChunkSize"],
    [{ ...login, endpointType: "public" as "publicURL" }, "endpointType"],
  ];
  for (const [options, name] of cases) {
    const { message } = assertThrows(() => new SwiftStore("x", options), BadStoreConfiguration);
    assert(message.includes(name), `${message} names ${name}`);
  }
});

Deno.test("SwiftStore: a store without an account, or whose file is missing, says so", async () => {
  await using store = new SwiftStore("nobody", {});
  const { message } = await assertRejects(() => store.add("a", pattern(1)), StoreAddDisabled);
  assert(message.includes("authAddress"), message);
  await assertRejects(() => store.stat("a"), BadStoreConfiguration);
  await using file = new SwiftStore("file", { configFile: "/nonexistent/accounts.conf" });
  await assertRejects(() => file.stat("a"), BadStoreConfiguration, "/nonexistent/accounts.conf");
});
