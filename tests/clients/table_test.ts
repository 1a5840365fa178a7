/**
 * Holds the table of clients in docs/compatibility.md to the tests and the programs.
 *
 * @module
 */
import { assert, assertMatch } from "@std/assert";
import { serviceTest } from "../services/mod.ts";

const root = new URL("../../", import.meta.url);
const page = await Deno.readTextFile(new URL("docs/compatibility.md", root));
const section = page.split("## Clients of `vitrine serve`")[1]!;
const rows = [...section.matchAll(/^\| `([^`]+)` +\| ([\w.]+) +\| (.*?) +\|/gm)].map(
  ([, client, version, what]) => ({ client: client!, version: version!, what: what! }),
);

Deno.test("docs/compatibility.md: has a row for each client that is tested, and no other", async () => {
  const tests = await Deno.readTextFile(new URL("tests/clients/clients_test.ts", root));
  const names = [
    ...tests.matchAll(/^(?:clientTest\(|serviceTest\(\s+)"(?:vitrine serve: )?([^"]+)"/gm),
  ]
    .map(([, name]) => name!.toLowerCase());
  const words = (client: string) => client === "aria2c" ? "aria2" : client;
  assert(rows.length >= 13 && names.length >= 12);
  for (const { client } of rows) {
    assert(names.some((name) => name.includes(words(client))), `${client} has no test`);
  }
  for (const name of names) {
    assert(rows.some(({ client }) => name.includes(words(client))), `"${name}" has no row`);
  }
  // Options that the table names are those that the tests use.
  for (const { client, what } of rows) {
    for (const [, option] of what.matchAll(/`(-[^` ]+)/g)) {
      assert(tests.includes(`"${option}`) || tests.includes(` ${option} `), `${client} ${option}`);
    }
  }
});

serviceTest(
  "docs/compatibility.md: names the versions of the clients",
  ["clients"],
  async ({ clients }) => {
    for (const { client, version } of rows) {
      if (version === "any") continue;
      const program = clients[client.split(" ")[0]!];
      const flags = { rclone: ["version"], zsync: ["-V"], nginx: ["-v"], busybox: [] as string[] };
      const args = flags[client.split(" ")[0] as keyof typeof flags] ?? ["--version"];
      const { stdout, stderr } = await new Deno.Command(program, { args }).output();
      const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
      const pattern = new RegExp(`(?<![\\d.])${version.replaceAll(".", "\\.")}(?!\\d)`);
      assertMatch(text, pattern, client);
    }
  },
);
