/**
 * The command line, as people and scripts use it.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Workplace } from "./harness.ts";

const HELLO_MD5 = "5d41402abc4b2a76b9719d911017c592";

async function withHello(): Promise<Workplace> {
  const place = await Workplace.make();
  await Deno.writeTextFile(place.path("x.iso"), "hello");
  const { code, err } = await place.run("add", "./x.iso", "--id", "iso/x.iso");
  assertEquals(code, 0, err);
  return place;
}

Deno.test("add --json prints location, size, checksum, multihash and metadata", async () => {
  await using place = await Workplace.make();
  await Deno.writeTextFile(place.path("x.iso"), "hello");
  const { code, out, err } = await place.run("add", "./x.iso", "--store", "local", "--json");
  assertEquals([code, err], [0, ""]);
  const { multihash, ...rest } = JSON.parse(out);
  assertEquals(rest, {
    location: `file://${place.folder}/local/x.iso`,
    size: 5,
    checksum: HELLO_MD5,
    metadata: { store: "local" },
  });
  assertEquals([multihash.algo, multihash.value.length], ["sha512", 128]);
});

Deno.test("without any configuration it uses a file store below ./.vitrine", async () => {
  await using place = await Workplace.make(null);
  await Deno.writeTextFile(place.path("x.iso"), "hello");
  assertEquals((await place.run("add", "x.iso")).code, 0);
  assertEquals((await place.run("ls", "/local")).out, "x.iso\n");
  assertEquals(await Deno.readTextFile(place.path(".vitrine/local/x.iso")), "hello");
});

Deno.test("what is added is listed, told, read, copied, moved, verified and removed", async () => {
  await using place = await withHello();
  assertEquals((await place.run("ls")).out, "local/\nmirror/\n");
  assertEquals((await place.run("ls", "/local")).out, "iso/\n");
  assertEquals((await place.run("ls", "-R", "/local")).out, "/local/iso/\n/local/iso/x.iso\n");
  assertMatch(
    (await place.run("ls", "-l", "/local/iso")).out,
    /^5 B {2}\d{4}-\d\d-\d\d \S+ {2}x\.iso\n$/,
  );
  const tree = (await place.run("tree")).out;
  assertStringIncludes(tree, "│   └── iso\n│       └── x.iso  5 B\n");
  const stat = JSON.parse((await place.run("stat", "/local/iso/x.iso", "--json")).out);
  assertEquals([stat.size, stat.checksum, stat.type], [5, HELLO_MD5, "image"]);
  assertEquals((await place.run("cat", "/local/iso/x.iso")).out, "hello");
  for (const [range, text] of [["1-3", "ell"], ["3-", "lo"], ["-2", "lo"], ["0-0", "h"]]) {
    assertEquals((await place.run("cat", "--range", range!, "/local/iso/x.iso")).out, text);
  }
  assertEquals(
    (await place.run("cp", "-v", "/local/iso/x.iso", "/mirror/")).out,
    "/local/iso/x.iso -> /mirror/x.iso\n",
  );
  assertEquals((await place.run("cp", "-r", "/local/iso", "/mirror/all/")).code, 0);
  assertEquals(
    (await place.run("ls", "-R", "/mirror")).out,
    "/mirror/all/\n/mirror/all/iso/\n/mirror/all/iso/x.iso\n/mirror/x.iso\n",
  );
  assertEquals((await place.run("mv", "/mirror/x.iso", "/local/y.iso")).code, 0);
  const verified = await place.run("verify", "/local", "/mirror");
  assertEquals([verified.code, verified.out.split("\n").length - 1, verified.err], [0, 3, ""]);
  assertStringIncludes(verified.out, "/local/y.iso: ok (md5, sha512)");
  assertEquals((await place.run("rm", "/local/y.iso")).code, 0);
  assertEquals((await place.run("rm", "-r", "/mirror/all")).code, 0);
  assertEquals((await place.run("ls", "-R", "/mirror")).out, "");
  assertEquals((await place.run("ls", "/local")).out, "iso/\n");
});

Deno.test("verify tells an image that was changed behind its back", async () => {
  await using place = await withHello();
  const wrong = await place.run("verify", "--md5", "0".repeat(32), "/local/iso/x.iso");
  assertEquals([wrong.code, wrong.out], [1, ""]);
  assertStringIncludes(wrong.err, `md5 is ${HELLO_MD5}, expected 000`);
  assertEquals((await place.run("verify", "--md5", HELLO_MD5, "/local/iso/x.iso")).code, 0);
  await Deno.writeTextFile(place.path("local/iso/x.iso"), "HELLO");
  const changed = await place.run("verify", "/local/iso/x.iso");
  assertEquals([changed.code, changed.out], [1, ""]);
});

Deno.test("standard input and output take part in copies", async () => {
  await using place = await Workplace.make();
  const child = place.start(["cp", "-", "/local/piped"], { stdin: "piped" });
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode("from a pipe"));
  await writer.close();
  assertEquals((await child.output()).code, 0);
  assertEquals((await place.run("cp", "/local/piped", "-")).out, "from a pipe");
  assertEquals((await place.run("cp", "/local/piped", "./out.img")).code, 0);
  assertEquals(await Deno.readTextFile(place.path("out.img")), "from a pipe");
  const again = await place.run("cp", "/local/piped", "./out.img");
  assertEquals(again.code, 1);
  assertStringIncludes(again.err, "exists already; --force");
  assertEquals((await place.run("cp", "-f", "/local/piped", "./out.img")).code, 0);
});

Deno.test("what fails is one line on standard error and exit code 1", async () => {
  await using place = await withHello();
  const failures: [string[], string][] = [
    [["cat", "/local/none"], "vitrine: local: get /local/none: "],
    [["cat", "/nowhere/x"], "nothing is mounted there"],
    [["add", "./none.iso"], "read ./none.iso: no such file or directory"],
    [["add", "./x.iso", "--id", "iso/x.iso"], "local: add iso/x.iso: "],
    [["add", "./x.iso", "--id", "../x"], '"../x" is no image id: it has a ".." segment'],
    [["add", "./x.iso", "--size", "6"], "the data ended after 5 of 6 bytes"],
    [["add", "./x.iso", "--hash", "md6"], 'unknown digest algorithm "md6"'],
    [["add", "./x.iso", "--store", "none"], 'no store is named "none"; there are: local, mirror'],
    [["rm", "/local/none"], "no such"],
    [["rm", "/local/iso"], "it is a directory"],
    [["cp", "/local/iso/../x", "/mirror/x"], '".." segment'],
    [["acl", "get", "/local/iso/x.iso"], " /local/iso/x.iso: the store does not support it"],
    [["ls", "--config", "none.json"], "none.json: cannot be read"],
  ];
  for (const [args, text] of failures) {
    const { code, out, err } = await place.run(...args);
    assertEquals([code, out], [1, ""], `${args.join(" ")}: ${err}`);
    assertStringIncludes(err, text);
    assertMatch(err, /^vitrine: [^\n]+\n$/);
    assert(!err.includes("    at "), err);
  }
});

Deno.test("what is misused is exit code 2, before anything is done", async () => {
  await using place = await withHello();
  const misuses = [
    [],
    ["nonsense"],
    ["--json"],
    ["ls", "--nonsense"],
    ["ls", "relative"],
    ["cat"],
    ["cat", "--range", "5-3", "/local/iso/x.iso"],
    ["cat", "--json", "/local/iso/x.iso"],
    ["add"],
    ["add", "-"],
    ["add", "./x.iso", "./x.iso"],
    ["add", "./x.iso", "--size", "many"],
    ["add", "./x.iso", "--store", ""],
    ["cp", "./x.iso", "./y.iso"],
    ["cp", "/local/iso", "/mirror/iso"],
    ["cp", "/local/iso/x.iso", "./x.iso", "/mirror/one-name"],
    ["mv", "./x.iso", "/local/z"],
    ["acl", "take", "/local/iso/x.iso"],
    ["acl", "get", "--write", "t", "/local/iso/x.iso"],
    ["verify", "--multihash", "nonsense", "/local/iso/x.iso"],
    ["serve", "--port", "http"],
  ];
  const before = await place.files();
  for (const args of misuses) {
    const { code, out, err } = await place.run(...args);
    assertEquals([code, out], [2, ""], `${args.join(" ")}: ${err}`);
    assertMatch(err, /^vitrine: /);
  }
  assertEquals(await place.files(), before);
});

Deno.test("--debug shows the stack, and help is on standard output", async () => {
  await using place = await Workplace.make();
  assertStringIncludes((await place.run("cat", "/local/none", "--debug")).err, "    at ");
  const help = await place.run("help");
  assertEquals([help.code, help.err], [0, ""]);
  assertStringIncludes(help.out, "verify");
  assertStringIncludes((await place.run("cp", "--help")).out, "vitrine cp [-r]");
});

Deno.test("stores shows capabilities, and a store that fails takes no other down", async () => {
  await using place = await Workplace.make({
    default: "good",
    stores: {
      good: { driver: "memory", description: "scratch" },
      bad: { driver: "file", datadir: "/dev/null" },
      odd: { driver: "abacus" },
    },
  });
  const { code, out, err } = await place.run("stores", "--json");
  assertEquals(code, 1);
  const stores = JSON.parse(out);
  assertEquals(stores.map(({ name }: { name: string }) => name), ["good", "bad", "odd"]);
  assert(stores[0].capabilities.includes("acl-write"));
  assertEquals(stores[0].error, undefined);
  assertStringIncludes(err, "unknown driver");
  assertEquals((await place.run("ls", "/good")).code, 0);
});

Deno.test("Ctrl-C in the middle of an add leaves nothing behind", async () => {
  await using place = await Workplace.make();
  const before = await place.files();
  const child = place.start(["add", "-", "--id", "big", "--store", "local"], { stdin: "piped" });
  const writer = child.stdin.getWriter();
  // The last chunk is taken only when the ones before have been written to the store.
  for (let i = 0; i < 64; i++) await writer.write(new Uint8Array(1024 * 1024).fill(i));
  child.kill("SIGINT");
  const { code, stderr } = await child.output();
  await writer.abort().catch(() => {});
  assertEquals([code, new TextDecoder().decode(stderr)], [130, "vitrine: interrupted\n"]);
  assertEquals(await place.files(), before);
});

Deno.test("a pipe that is closed early ends cat without a word", async () => {
  await using place = await Workplace.make();
  await Deno.writeFile(place.path("big"), new Uint8Array(64 * 1024 * 1024));
  assertEquals((await place.run("add", "big")).code, 0);
  const child = place.start(["cat", "/local/big"]);
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  const { code } = await child.status;
  assertEquals([code, await new Response(child.stderr).text()], [141, ""]);
});

Deno.test("a pipe that is closed before ls begins ends it without a word", async () => {
  await using place = await withHello();
  const child = place.start(["ls", "-R", "/"]);
  await child.stdout.cancel();
  const { code } = await child.status;
  assertEquals([code, await new Response(child.stderr).text()], [141, ""]);
});

Deno.test("serve serves the tree until it is interrupted", async () => {
  await using place = await withHello();
  const child = place.start(["serve", "--port", "0"]);
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await lines.read();
  const url = /http:\S+\//.exec(value!)![0];
  const response = await fetch(`${url}local/iso/x.iso`, { headers: { range: "bytes=1-3" } });
  assertEquals([response.status, await response.text()], [206, "ell"]);
  assertEquals((await fetch(`${url}local/new`, { method: "PUT", body: "x" })).ok, false);
  child.kill("SIGINT");
  assertEquals((await child.status).code, 0);
  await lines.cancel();
  await child.stderr.cancel();
});

Deno.test("gc tells what it would remove, and a wrong age is misuse", async () => {
  await using place = await withHello();
  const { code, out } = await place.run("gc", "--dry-run", "--json");
  assertEquals([code, JSON.parse(out)], [0, []]);
  assertEquals((await place.run("gc", "--older-than", "soon")).code, 2);
  assertEquals((await place.run("gc", "none")).code, 1);
});
