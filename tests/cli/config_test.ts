/**
 * `vitrine config`, and what commands say of a configuration.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Workplace } from "./harness.ts";

const SECRET = "hunter2";

Deno.test("config show: prints no secret, wherever it stands", async () => {
  await using place = await Workplace.make({
    stores: {
      proxy: { driver: "http", proxyInformation: { http: `me:${SECRET}@proxy:3128` } },
      host: { driver: "s3", host: `https://me:${SECRET}@s3.example.com`, bucket: "b" },
      scheme: { driver: "s3", host: `me:${SECRET}@s3.example.com`, bucket: "b" },
      types: { driver: "s3", host: [SECRET], bucket: { [SECRET]: SECRET }, secretKey: 3 },
      number: { driver: "memory", capacity: SECRET, weight: SECRET },
      url: { driver: "http", baseUrl: `https://h/?jwt=${SECRET}` },
      unknown: { driver: "abacus", anything: SECRET },
      typo: { driver: "s3", secretkey: SECRET },
    },
  });
  const { code, out } = await place.run("config", "show");
  assertEquals(code, 0);
  assert(!out.includes(SECRET), out);
  const { stores } = JSON.parse(out);
  assertEquals(stores.proxy.proxyInformation, { http: "***@proxy:3128" });
  assertEquals(stores.host.host, "https://***@s3.example.com");
  assertEquals(stores.number, { driver: "memory", capacity: "***", weight: "***" });
});

Deno.test("stores: prints no secret of a store that is refused", async () => {
  await using place = await Workplace.make({
    stores: {
      proxy: { driver: "http", proxyInformation: { http: 3, https: `me:${SECRET}@proxy:3128` } },
      host: { driver: "s3", host: `https://me:${SECRET}@s3.example.com`, bucket: "b" },
      scheme: { driver: "s3", host: `me:${SECRET}@s3.example.com`, bucket: "b" },
      types: { driver: "s3", host: [SECRET], bucket: { [SECRET]: SECRET }, secretKey: 3 },
      url: { driver: "http", baseUrl: `https://h/?jwt=${SECRET}` },
    },
  });
  const { code, out, err } = await place.run("stores");
  assertEquals([code, err.trim().split("\n").length], [1, 5]);
  assert(!(out + err).includes(SECRET), err);
});

Deno.test("ls /: names the stores that could not be configured", async () => {
  await using place = await Workplace.make({
    stores: { good: { driver: "memory" }, bad: { driver: "abacus" } },
  });
  const { code, out, err } = await place.run("ls", "/");
  assertEquals([code, out], [1, "bad/\ngood/\n"]);
  assertStringIncludes(err, 'vitrine: bad: unknown driver "abacus"');
  const elsewhere = await place.run("cat", "/nowhere/x");
  assertStringIncludes(elsewhere.err, "nothing is mounted there; the stores are: good, bad");
});

Deno.test("serve: names the stores that could not be configured", async () => {
  await using place = await Workplace.make({
    stores: { good: { driver: "memory" }, bad: { driver: "abacus" } },
  });
  const child = place.start(["serve", "--port", "0"]);
  const reader = child.stdout.getReader();
  await reader.read();
  child.kill("SIGTERM");
  assertEquals((await child.status).code, 0);
  await reader.cancel();
  assertStringIncludes(await new Response(child.stderr).text(), 'bad: unknown driver "abacus"');
});

Deno.test("--glance-conf: an option that no store knows is a warning, and the store works", async () => {
  await using place = await Workplace.make(null);
  await Deno.mkdir(place.path("images"));
  await Deno.writeTextFile(
    place.path("glance-api.conf"),
    "[DEFAULT]\nenabled_backends = a:file\n[a]\n" +
      `filesystem_store_datadir = ${place.path("images")}\nfilesystem_replication = 3\n`,
  );
  const { code, out, err } = await place.run("--glance-conf", "glance-api.conf", "ls", "/a");
  assertEquals([code, out], [0, ""]);
  assertEquals(
    err,
    "vitrine: glance-api.conf:5: [a] filesystem_replication is not known to any store: it is ignored\n",
  );
});
