/**
 * Who may use the cluster, and the error of everybody else.
 *
 * @module
 */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  BadStoreConfiguration,
  Forbidden,
  NotAuthenticated,
  StoreAddDisabled,
  type StoreError,
} from "@vitrine/vitrine";
import { cephCluster, serviceTest, startOwn } from "../services/mod.ts";
import { ceph, MIB, randomBytes, storeOn } from "./support.ts";

type ErrorClass = new (detail: string) => StoreError;

serviceTest("RbdStore: a Ceph user may what its capabilities say", "ceph", async (_, t) => {
  await using cluster = await startOwn(cephCluster("ceph-access", {
    objectstore: "memstore",
    capacity: 256 * MIB,
    cephx: true,
    gateway: false,
  }));
  await using writer = storeOn(cluster);
  const bytes = randomBytes(5 * MIB);
  await writer.add("image", bytes);
  const users = ["reader", "stranger"];
  const capabilities = {
    reader: ["mon", "profile rbd", "osd", "profile rbd-read-only pool=images"],
    stranger: ["mon", "profile rbd", "osd", "profile rbd pool=volumes"],
  };
  for (const user of users) {
    const args = capabilities[user as keyof typeof capabilities];
    const key = await ceph(cluster, "auth", "get-or-create", `client.${user}`, ...args);
    await Deno.writeTextFile(cluster.keyring, key, { append: true });
  }
  const wrong = "[client.forger]\n\tkey = AQBwZwJlAAAAABAAe0r2n0E0hBzPdJvXbJTtUg==\n";
  await Deno.writeTextFile(cluster.keyring, wrong, { append: true });

  await t.step("one who may only read does, and is refused the rest", async () => {
    await using store = storeOn(cluster, { user: "reader" });
    const { stream } = await store.get("image");
    assertEquals((await new Response(stream).arrayBuffer()).byteLength, bytes.length);
    assertEquals((await Array.fromAsync(store.list())).map(({ path }) => path), ["image"]);
    await using handle = await store.open("image");
    assertEquals(await handle.read(new Uint8Array(10), bytes.length - 3), 3);
    for (
      const change of [
        () => store.add("other", bytes),
        () => store.delete("image"),
        () => store.rename("image", "other"),
        () => store.copy("image", "other"),
        () => store.clone("image", "other"),
      ]
    ) {
      await assertRejects(change, Forbidden);
    }
    assertEquals((await writer.stat("image")).size, bytes.length);
    assertEquals((await Array.fromAsync(writer.list())).map(({ path }) => path), ["image"]);
  });

  const keyless = `${cluster.confPath}.keyless`;
  const conf = await Deno.readTextFile(cluster.confPath);
  await Deno.writeTextFile(keyless, conf.replace(/^keyring = .*$/m, "keyring = /none"));
  const refusals: [string, Record<string, string>, ErrorClass, string][] = [
    ["a wrong key", { user: "forger" }, NotAuthenticated, "key"],
    ["a user without a key", { user: "nobody" }, NotAuthenticated, "key"],
    ["a keyring that is not there", { cephConf: keyless }, BadStoreConfiguration, "keyring"],
    ["a pool that is not there", { pool: "none" }, BadStoreConfiguration, '"none"'],
    ["a ceph.conf that is not there", { cephConf: "/none" }, BadStoreConfiguration, "/none"],
  ];
  for (const [what, options, ErrorClass, said] of refusals) {
    await t.step(`${what} is reported`, async () => {
      await using store = storeOn(cluster, options);
      const error = await assertRejects(() => store.configure(), ErrorClass) as Error;
      assertStringIncludes(error.message, said);
      assertEquals(error.message.includes("\n"), false);
    });
  }

  await t.step("one of another pool is refused", async () => {
    await using store = storeOn(cluster, { user: "stranger" });
    await assertRejects(() => store.get("image"), Forbidden);
    const error = await assertRejects(() => store.add("other", bytes), StoreAddDisabled) as Error;
    assertStringIncludes(error.message, "not allowed");
  });
});
