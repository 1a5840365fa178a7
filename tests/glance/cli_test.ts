/**
 * `vitrine --glance-conf` and `vitrine config`, as a user runs them.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Workplace } from "../cli/harness.ts";

async function workplace(): Promise<Workplace> {
  const place = await Workplace.make(null);
  await Deno.writeTextFile(
    place.path("glance-api.conf"),
    `[DEFAULT]
enabled_backends = local:file, obj:s3, vol:no_such_driver
[glance_store]
default_backend = local
[local]
filesystem_store_datadir = ${place.path("images")}
[obj]
s3_store_host = http://127.0.0.1:1
s3_store_bucket = b
s3_store_access_key = s3cretkey
s3_store_secret_key = s3cret
`,
  );
  return place;
}

Deno.test("--glance-conf: works in every command, before and after it", async () => {
  await using place = await workplace();
  await Deno.mkdir(place.path("images"));
  await Deno.writeTextFile(place.path("images/an-image"), "hello");
  const conf = ["--glance-conf", "glance-api.conf"];
  assertEquals((await place.run("cat", ...conf, "/local/an-image")).out, "hello");
  assertEquals((await place.run(...conf, "cat", "/local/an-image")).out, "hello");
  const added = await place.run(...conf, "add", "./glance-api.conf", "--id", "b");
  assertEquals([added.code, added.err], [0, ""]);
  assertEquals(
    (await place.run("ls", "--glance-conf=glance-api.conf", "/local")).out,
    "an-image\nb\n",
  );
});

Deno.test("config: show masks secrets, convert writes them so that only the owner reads them", async () => {
  await using place = await workplace();
  const shown = await place.run("config", "show", "--glance-conf", "glance-api.conf");
  assertEquals(shown.code, 0);
  assertEquals(JSON.parse(shown.out).stores.obj, {
    driver: "s3",
    accept: { unsafe: false, oddTables: false },
    host: "http://127.0.0.1:1",
    bucket: "b",
    accessKey: "***",
    secretKey: "***",
  });
  assert(!shown.out.includes("s3cret"));

  const convert = ["config", "convert", "--glance-conf", "glance-api.conf"];
  assertEquals((await place.run(...convert)).code, 0);
  assertEquals((await Deno.stat(place.path("vitrine.json"))).mode! & 0o777, 0o600);
  const again = await place.run(...convert);
  assertEquals([again.code, again.err], [
    1,
    "vitrine: vitrine.json exists already; --force replaces it\n",
  ]);
  assertEquals((await place.run(...convert, "--force")).code, 0);
  const converted = await place.run("config", "convert", "-");
  assertEquals(
    JSON.parse(converted.out).stores,
    JSON.parse(await Deno.readTextFile(place.path("vitrine.json"))).stores,
  );
  assertEquals(JSON.parse(converted.out).stores.obj.secretKey, "s3cret");
  assertEquals(
    JSON.parse((await place.run("config", "show")).out).stores,
    JSON.parse(shown.out).stores,
  );
});

Deno.test("--glance-conf: reports a file that cannot be read in one line, and exits with 1", async () => {
  await using place = await workplace();
  await Deno.writeTextFile(place.path("bad.conf"), "[local]\nno option\n");
  const bad = await place.run(
    "ls",
    "--glance-conf",
    "glance-api.conf",
    "--glance-conf",
    "bad.conf",
  );
  assertEquals([bad.code, bad.err], [
    1,
    "vitrine: bad.conf:2: neither a section, nor a comment, nor an option with = or :\n",
  ]);
  const both = await place.run("ls", "--glance-conf", "glance-api.conf", "--config", "a.json");
  assertEquals([both.code, both.err], [
    2,
    "vitrine: --config and --glance-conf exclude each other\n",
  ]);
});
