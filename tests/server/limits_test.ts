/**
 * `vitrine serve` against clients that hold it up, against pages of other names, and what it logs.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Vfs } from "@vitrine/vitrine";
import { MemoryStore } from "@vitrine/vitrine/memory";
import { type RequestLog, serve } from "@vitrine/vitrine/serve";
import { hostGuard } from "../../server/http/host_guard.ts";
import { COMMAND, Workplace } from "../cli/harness.ts";
import { askOnce, residentMemory, StalledClients } from "./stalled_clients.ts";

const MIB = 1 << 20;

Deno.test("vitrine serve: 400 of 500 connections stall under ulimit -n 200, and 100 are served", async () => {
  await using place = await Workplace.make();
  await Deno.mkdir(place.path("local"), { recursive: true });
  await Deno.writeFile(place.path("local/large.img"), new Uint8Array(64 * MIB));
  await Deno.writeTextFile(place.path("local/small.txt"), "healthy");
  const words = [Deno.execPath(), ...COMMAND, "serve", "--port", "0", "--writable"];
  const line = `ulimit -n 200 && exec ${words.map((word) => `'${word}'`).join(" ")}`;
  const child = new Deno.Command("sh", {
    args: ["-c", line],
    cwd: place.folder,
    env: { NO_COLOR: "1", VITRINE_TOKEN: "t" },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const url = new URL(/http:\S+\//.exec((await lines.read()).value!)![0]);
  const healthy = async () => {
    const { text } = await askOnce(url, "/local/small.txt");
    assertMatch(text, /^HTTP\/1\.1 200 [^]*\r\n\r\nhealthy$/);
  };
  for (let i = 0; i < 20; i++) await healthy();
  const before = residentMemory(child.pid);
  {
    using _stalled = await StalledClients.open(url, 400, "/local/large.img", "t");
    for (let i = 0; i < 5; i++) await Promise.all(Array.from({ length: 20 }, healthy));
    const growth = residentMemory(child.pid) - before;
    assert(growth <= 64 * MIB, `memory grew by ${growth} bytes`);
  }
  await healthy();
  child.kill("SIGINT");
  assertEquals((await child.status).code, 0);
  await lines.cancel();
});

Deno.test("hostGuard: a loopback server serves loopback names, addresses and those allowed", () => {
  for (const address of ["127.0.0.1", "::1", "localhost"]) {
    const isAllowed = hostGuard(address, ["Images.example.org"]);
    for (
      const host of [
        ...["localhost", "localhost:8080", "LOCALHOST.", "x.localhost", "127.0.0.1:1", "127.1.2.3"],
        ...["[::1]", "[::1]:8080", "images.example.org", "images.EXAMPLE.org:80", null],
      ]
    ) assertEquals(isAllowed(host), true, `${host}`);
    for (
      const host of [
        ...["attacker.example", "localhost.attacker.example", "127.0.0.1.attacker.example", ""],
        ...["10.0.0.1", "[::2]", "0.0.0.0", "127.0.0.1@attacker.example", "xlocalhost"],
      ]
    ) assertEquals(isAllowed(host), false, host);
  }
});

Deno.test("hostGuard: a public server serves every name, or those allowed and addresses", () => {
  assertEquals(hostGuard("0.0.0.0")("any.example"), true);
  const isAllowed = hostGuard("0.0.0.0", ["images.example.org"]);
  const hosts = ["images.example.org", "10.0.0.1:80", "[fd00::1]", "localhost", "any.example"];
  assertEquals(hosts.map(isAllowed), [true, true, true, true, false]);
  assertEquals(hostGuard("127.0.0.1", ["*"])("any.example"), true);
});

async function small(test: (url: URL, entries: RequestLog[], errors: unknown[]) => Promise<void>) {
  const vfs = new Vfs({ s: new MemoryStore("s") });
  await vfs.writeTextFile("/s/a.txt", "hello");
  const entries: RequestLog[] = [];
  const errors: unknown[] = [];
  await using server = serve(vfs, {
    onRequest: (entry) => entries.push(entry),
    onError: (error) => errors.push(error),
  });
  await test(server.url, entries, errors);
}

Deno.test("serve: refuses a page whose name leads to this machine", async () => {
  await small(async (url) => {
    const connection = await Deno.connect({ hostname: url.hostname, port: Number(url.port) });
    const text = "GET /s/a.txt HTTP/1.1\r\nHost: attacker.example\r\nConnection: close\r\n\r\n";
    await connection.write(new TextEncoder().encode(text));
    const response = await new Response(connection.readable).text();
    assertMatch(response, /^HTTP\/1\.1 403 /);
    assert(!response.includes("hello"));
  });
});

Deno.test("serve: logs time, client, method, path, status, bytes and duration", async () => {
  await small(async (url, entries, errors) => {
    await askOnce(url, "/s/a.txt?x=1");
    await askOnce(url, `/s/${"%41".repeat(1000)}`);
    await askOnce(url, "/s/a b");
    const [good, missing, bad] = entries as [RequestLog, RequestLog, RequestLog];
    assertEquals([good.client, good.method, good.path, good.status, good.bytes, good.errors], [
      ...["127.0.0.1", "GET", "/s/a.txt?x=1", 200, 5],
      [],
    ]);
    assert(good.time instanceof Date && good.duration > 0);
    assertEquals([missing.status, missing.path.length, missing.errors.length], [400, 1024, 1]);
    assertEquals([bad.method, bad.path, bad.status], ["-", "-", 400]);
    assertEquals(errors, missing.errors);
  });
});

Deno.test("vitrine serve: --verbose logs a line of facts for every request", async () => {
  await using place = await Workplace.make();
  const child = place.start(["serve", "--port", "0", "-v"]);
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const url = new URL(/http:\S+\//.exec((await lines.read()).value!)![0]);
  await askOnce(url, "/local/none%1b%E2%80%AE");
  await askOnce(url, "/");
  child.kill("SIGINT");
  const [{ code }, log] = await Promise.all([child.status, new Response(child.stderr).text()]);
  assertEquals(code, 0);
  const [missing, root] = log.trimEnd().split("\n") as [string, string];
  const facts =
    /^vitrine: \d{4}-\d\d-\d\dT[\d:.]+Z 127\.0\.0\.1 GET (\S+) (\d+) \d+ [\d.]+ms(: .*)?$/;
  assertEquals(facts.exec(missing)?.slice(1, 3), ["/local/none%1b%E2%80%AE", "400"], log);
  assertEquals(facts.exec(root)?.slice(1, 3), ["/", "200"]);
  await lines.cancel();
});
