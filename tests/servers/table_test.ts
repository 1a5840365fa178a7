/**
 * Holds the tables of servers and clouds in docs/compatibility.md to the tests, the packages and the
 * options of the stores.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { loadDriver } from "@vitrine/vitrine";
import { FILE_SERVERS } from "./file_servers.ts";

const root = new URL("../../", import.meta.url);
const page = await Deno.readTextFile(new URL("docs/compatibility.md", root));

/** Returns the rows of the table below a heading, as cells. */
function rowsBelow(heading: string): string[][] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  const lines = section.split("\n").filter((line) => line.startsWith("|")).slice(2);
  return lines.map((line) => line.split(/ *\| */).slice(1, -1));
}

/** The text of a cell that is code. */
function code(cell: string | undefined): string {
  return /^`(.*)`$/.exec(cell ?? "")?.[1] ?? "";
}

const FILE_SERVER_ROWS = rowsBelow("File servers");
const STORE_ROWS = rowsBelow("Object stores that are tried");
const CLOUD_ROWS = rowsBelow("Clouds: documented, not tried");

Deno.test("docs/compatibility.md: has a row for each file server that is tested", () => {
  const rows = FILE_SERVER_ROWS.map(([server, name]) => [code(server), code(name)]).sort();
  const servers = Object.entries(FILE_SERVERS).map(([name, server]) => [name, server.package]);
  assertEquals(rows, servers.sort());
  for (const [server, , , differs] of FILE_SERVER_ROWS) {
    const { hasRanges, hasIndex } = FILE_SERVERS[code(server)]!;
    assertEquals(differs!.includes("no ranges"), !hasRanges, server);
    assertEquals(differs!.includes("no index"), !hasIndex, server);
  }
});

Deno.test({
  name: "docs/compatibility.md: names the versions of the servers that are installed",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const rows = FILE_SERVER_ROWS.map(([, name, version]) => [code(name), version!] as const);
    const packages = new Map(rows);
    for (const [server, , version] of STORE_ROWS) {
      if (server!.includes("Ceph")) packages.set("ceph-common", version!);
      if (server!.includes("Swift")) packages.set("swift-proxy", version!);
    }
    for (const [name, version] of packages) {
      const installed = await installedVersion(name);
      if (installed !== undefined) {
        assert(installed.startsWith(`${version}.`), `${name} ${installed}`);
      }
    }
  },
});

/** The version of a Debian package without epoch; `undefined` where it is not installed. */
async function installedVersion(name: string): Promise<string | undefined> {
  const args = ["--show", "--showformat=${Version}", name];
  const output = await new Deno.Command("dpkg-query", { args, stderr: "null" }).output()
    .catch(() => undefined);
  if (!output?.success) return undefined;
  return new TextDecoder().decode(output.stdout).replace(/^\d+:/, "").replace(/[-+]/, ".");
}

Deno.test("docs/compatibility.md: has a row for each driver and server that keeps the contract", async () => {
  const named = new Map<string, string>();
  for (const [server, driver, , , test] of STORE_ROWS) {
    const text = await Deno.readTextFile(new URL(code(test), root));
    const word = /radosgw|s3rver|tempauth|Keystone|RBD|s3api/.exec(server!)?.[0] ?? server!;
    // These tests name the services that the servers belong to.
    const name = { "radosgw": "ceph", "s3api": "swift", "RBD": "ceph" }[word] ?? word;
    assertStringIncludes(text.toLowerCase(), name.toLowerCase(), server);
    assertStringIncludes(text, "storeConformance(", test);
    named.set(code(test), driver!);
  }
  for (const driver of ["s3", "swift", "rbd"]) {
    for await (const { name } of Deno.readDir(new URL(`tests/${driver}`, root))) {
      const path = `tests/${driver}/${name}`;
      if (!name.endsWith("_test.ts")) continue;
      const text = await Deno.readTextFile(new URL(path, root));
      if (text.includes("storeConformance(")) assertEquals(named.get(path), driver, path);
    }
  }
});

Deno.test("docs/compatibility.md: a store takes the options that a cloud needs", async () => {
  assert(CLOUD_ROWS.length >= 20);
  for (const [cloud, options] of CLOUD_ROWS) {
    const given = JSON.parse(code(options)) as Record<string, unknown>;
    const isSwift = cloud!.endsWith("Swift");
    const Store = await loadDriver(isSwift ? "swift" : "s3");
    const keys = isSwift ? {} : { bucket: "images", accessKey: "key", secretKey: "secret" };
    const store = new Store("cloud", { ...keys, ...given });
    await store.close();
  }
});
