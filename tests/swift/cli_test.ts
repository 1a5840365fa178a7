/**
 * The command line on a Swift that serves several tenants: who reads and writes what, shown by
 * reading and writing.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Run, Workplace } from "../cli/harness.ts";
import { pattern } from "../../conformance/data.ts";
import { serviceTest } from "../services/mod.ts";
import { account, asUser, container, emptied } from "./servers.ts";

/** Small, and three segments. */
const IMAGE = pattern(2_500_000);

serviceTest(
  "vitrine acl: a tenant reads what is granted, not before and not after; anybody what is public",
  "keystone",
  async ({ keystone }) => {
    const config = {
      driver: "swift",
      multiTenant: true,
      authAddress: keystone.authUrl,
      endpoint: `${keystone.url}/v1/AUTH_%(project_id)s`,
      container: container(),
      createContainerOnPut: true,
      largeObjectSize: 1,
      largeObjectChunkSize: 1,
    };
    await using place = await Workplace.make({ default: "shared", stores: { shared: config } });
    await Deno.writeFile(place.path("a.img"), IMAGE);
    const tokens: string[] = [];
    const caller = async (name: string) => {
      const { token } = await account(asUser(keystone, keystone[name]));
      tokens.push(token);
      return async (...args: string[]): Promise<Run & { bytes: Uint8Array }> => {
        return await run({ OS_TOKEN: token }, ...args);
      };
    };
    const run = async (env: Record<string, string>, ...args: string[]) => {
      const { code, stdout, stderr } = await place.start(args, { env }).output();
      const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
      for (const token of tokens) assert(!`${out}${err}`.includes(token), "a token is printed");
      return { code, out: out!, err: err!, bytes: stdout };
    };
    const [alice, bob] = await Promise.all([caller("alice"), caller("bob")]);
    const nobody = (...args: string[]) => run({ OS_TOKEN: "" }, ...args);
    const green = keystone.bob.projectId;
    try {
      const added = await alice("add", "./a.img", "--id", "a", "--json");
      assertEquals(added.code, 0, added.err);
      const { location } = JSON.parse(added.out);
      const url = location.replace("swift+", "");

      /** Whether alice, bob and nobody read the image by the command, and anybody by plain HTTP. */
      const readers = async () => {
        const runs = await Promise.all([alice, bob, nobody].map((who) => who("cat", location)));
        for (const { code, bytes, err } of runs) {
          if (code === 0) assertEquals(bytes, IMAGE);
          else assertStringIncludes(err, `get ${location}: `);
        }
        const response = await fetch(url);
        const body = await response.bytes();
        if (response.ok) assertEquals(body, IMAGE);
        return [...runs.map(({ code }) => code === 0), response.ok];
      };
      const granted = async (...what: string[]) => {
        const { code, err } = await alice("acl", "set", ...what, "/shared/a");
        assertEquals(code, 0, err);
        return await readers();
      };

      assertEquals(await readers(), [true, false, false, false]);
      assertEquals(await granted("--read", green), [true, true, false, false]);
      assertEquals((await bob("rm", location)).code, 1);
      assertEquals((await bob("acl", "set", "--public", location)).code, 1);
      assertEquals(await granted(), [true, false, false, false]);
      assertEquals(await granted("--public"), [true, true, true, true]);
      const acls = await alice("acl", "get", location, "--json");
      assertEquals(JSON.parse(acls.out), { public: true, readTenants: [], writeTenants: [] });
      assertEquals(await granted(), [true, false, false, false]);

      assertEquals((await alice("ls", "/shared")).out, "a\n");
      assertEquals((await bob("ls", "/shared")).out, "");
      assertEquals(await granted("--read", green, "--write", green), [true, true, false, false]);
      assertEquals((await bob("cp", location, "/shared/mine")).code, 0);
      assertEquals((await bob("cat", "--range", "5-8", "/shared/mine")).bytes, IMAGE.slice(5, 9));
      assertEquals((await bob("rm", location, "/shared/mine")).code, 0);
      assertEquals((await alice("ls", "/shared")).out, "");
    } finally {
      for (const user of ["alice", "bob"]) {
        await emptied({ ...asUser(keystone, keystone[user]), container: config.container });
      }
    }
  },
);

serviceTest("vitrine: names a caller without a token, and one that is refused", "keystone", async ({
  keystone,
}) => {
  const config = { driver: "swift", multiTenant: true, container: container() };
  await using place = await Workplace.make({ stores: { shared: config } });
  const run = async (env: Record<string, string>, ...args: string[]) => {
    const { code, stderr } = await place.start(args, { env }).output();
    return [code, new TextDecoder().decode(stderr)] as const;
  };
  const none = { OS_TOKEN: "", OS_AUTH_TOKEN: "", OS_AUTH_URL: keystone.authUrl };
  const refused = "a-token-that-nobody-gave";
  const cases: [Record<string, string>, number, string][] = [
    [none, 1, "caller's token"],
    [{ ...none, OS_AUTH_TOKEN: refused }, 1, "Keystone refuses the token"],
    [{ ...none, OS_AUTH_URL: "", OS_TOKEN: refused }, 1, "service catalog"],
    [{ ...none, OS_TOKEN: `${refused} ` }, 2, "OS_TOKEN"],
  ];
  for (const [env, code, text] of cases) {
    for (const flags of [[], ["--debug"]]) {
      const [ended, err] = await run(env, "ls", "/shared", ...flags);
      assertEquals(ended, code, err);
      assertStringIncludes(err, text);
      assert(!err.includes(refused), err);
    }
  }
  const secret = "swift+http://blue:alice:secret@127.0.0.1/v1/a/o";
  const [code, err] = await run(none, "cat", secret);
  assertEquals([code, err.includes("secret@")], [2, false]);
});
