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

Deno.test("add --json: prints location, size, checksum, multihash and metadata", async () => {
  await using place = await Workplace.make();
  await Deno.writeTextFile(place.path("x.iso"), "hello");
  const { code, out, err } = await place.run("add", "./x.iso", "--store", "local", "--json");
  assertEquals([code, err], [0, ""]);
  const { multihash, inspection, arrived, ...rest } = JSON.parse(out);
  assertEquals([inspection.format, inspection.safe], ["raw", true]);
  const { md5, sha512 } = arrived.digests;
  assertEquals([arrived.size, md5, sha512], [5, HELLO_MD5, multihash.value]);
  assertEquals(rest, {
    format: "raw",
    virtualSize: 5,
    location: `file://${place.folder}/local/x.iso`,
    size: 5,
    checksum: HELLO_MD5,
    metadata: { store: "local" },
  });
  assertEquals([multihash.algo, multihash.value.length], ["sha512", 128]);
});

Deno.test("vitrine: uses a file store below ./.vitrine without a configuration", async () => {
  await using place = await Workplace.make(null);
  await Deno.writeTextFile(place.path("x.iso"), "hello");
  assertEquals((await place.run("add", "x.iso")).code, 0);
  assertEquals((await place.run("ls", "/local")).out, "x.iso\n");
  assertEquals(await Deno.readTextFile(place.path(".vitrine/local/x.iso")), "hello");
});

Deno.test("vitrine: lists, shows, reads, copies, moves, verifies and removes what was added", async () => {
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

Deno.test("verify: exits with 3 if an image differs or was changed", async () => {
  await using place = await withHello();
  const wrong = await place.run("verify", "--md5", "0".repeat(32), "/local/iso/x.iso");
  assertEquals([wrong.code, wrong.out], [3, ""]);
  assertStringIncludes(wrong.err, `md5 is ${HELLO_MD5}, expected 000`);
  assertEquals((await place.run("verify", "--md5", HELLO_MD5, "/local/iso/x.iso")).code, 0);
  await Deno.writeTextFile(place.path("local/iso/x.iso"), "HELLO");
  const changed = await place.run("verify", "/local/iso/x.iso");
  assertEquals([changed.code, changed.out], [3, ""]);
  const copied = await place.run("cp", "/local/iso/x.iso", "/mirror/");
  assertEquals([copied.code, copied.out], [3, ""]);
  const allowed = await place.run("cp", "--allow-changed", "/local/iso/x.iso", "/mirror/");
  assertEquals([allowed.code, allowed.err], [0, ""]);
});

Deno.test("cp: reads standard input and writes standard output", async () => {
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

Deno.test("vitrine: reports a failure in one line on standard error and exits with 1", async () => {
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

Deno.test("vitrine: refuses a wrong command line with 2, before anything is done", async () => {
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
    ["cp", "--json", "/local/iso/x.iso", "-"],
    ["cp", "/local/iso/x.iso", "./x.iso", "/mirror/one-name"],
    ["mv", "./x.iso", "/local/z"],
    ["mv", "-f", "/local/iso/x.iso", "/local/z"],
    ["cp", "/local/iso/x.iso", "./copy/", "relative/"],
    ["cp", "/local/iso/x.iso", "/local/iso", "./copy/"],
    ["cp", "/local/iso/x.iso", "-", "./copy/"],
    ["cat", "/local/iso/x.iso", "relative"],
    ["ls", "/local", "relative"],
    ["stat", "/local/iso/x.iso", "relative"],
    ["verify", "/local/iso/x.iso", "relative"],
    ["help", "nonsense"],
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

Deno.test("--debug: shows the stack; help is on standard output", async () => {
  await using place = await Workplace.make();
  assertStringIncludes((await place.run("cat", "/local/none", "--debug")).err, "    at ");
  const help = await place.run("help");
  assertEquals([help.code, help.err], [0, ""]);
  assertStringIncludes(help.out, "verify");
  assertStringIncludes(help.out, "VITRINE_DEFAULT_STORE");
  const copyHelp = (await place.run("cp", "--help")).out;
  assertStringIncludes(copyHelp, "vitrine cp [-r]");
  assertEquals((await place.run("help", "cp")).out, copyHelp);
  const { version } = JSON.parse(await Deno.readTextFile("deno.json"));
  assertEquals((await place.run("--version")).out, `vitrine ${version}\n`);
});

Deno.test("vitrine: lays the environment over its own store without a vitrine.json", async () => {
  await using place = await Workplace.make(null);
  await Deno.writeTextFile(place.path("x"), "hello");
  const elsewhere = { VITRINE_STORE_LOCAL_DATADIR: "./elsewhere" };
  const added = await place.runWith(elsewhere, "add", "x");
  assertEquals(added.code, 0, added.err);
  assertEquals(await Deno.readTextFile(place.path("elsewhere/x")), "hello");
  const other = await place.runWith({ VITRINE_DEFAULT_STORE: "other" }, "ls", "/local");
  assertEquals(other.code, 1);
  assertStringIncludes(other.err, 'the default store "other" is none of: local');
  const two = {
    ...elsewhere,
    VITRINE_STORE_OTHER_DRIVER: "memory",
    VITRINE_DEFAULT_STORE: "other",
  };
  assertEquals((await place.runWith(two, "ls", "/")).out, "local/\nother/\n");
  const alone = { VITRINE_STORE_LOCAL_DRIVER: "memory" };
  const { code, out } = await place.runWith(alone, "ls", "/local");
  assertEquals([code, out], [0, ""]);
});

Deno.test("ls -R: reports a directory that the server does not list, and lists the rest", async () => {
  const index = [{ name: "bad", type: "directory" }, { name: "good", type: "file", size: 5 }];
  await using origin = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ url }) => {
    const { pathname } = new URL(url);
    if (pathname === "/bad/") return new Response(null, { status: 403 });
    if (pathname === "/") return Response.json(index);
    return pathname === "/good" ? new Response("hello") : new Response(null, { status: 404 });
  });
  const baseUrl = `http://127.0.0.1:${origin.addr.port}/`;
  await using place = await Workplace.make({ stores: { org: { driver: "http", baseUrl } } });
  const runs: [string[], string][] = [
    [["ls", "-R", "/"], "/org/good\n"],
    [["tree", "/org"], "1 image"],
    [["verify", "--md5", "5d41402abc4b2a76b9719d911017c592", "/org"], "/org/good: ok (md5)\n"],
    [["cp", "-r", "-v", "/org", "./out"], "/org/good -> ./out/good\n"],
  ];
  for (const [args, expected] of runs) {
    const { code, out, err } = await place.run(...args);
    assertEquals(code, 1, args[0]);
    assertStringIncludes(out, expected);
    assertMatch(err, /^vitrine: org: list \/org\/bad: [^\n]*\n$/);
  }
});

Deno.test("ls -R: lists the other stores if one fails or cannot list", async () => {
  await using place = await Workplace.make({
    default: "z",
    stores: {
      a: { driver: "abacus" },
      web: { driver: "http" },
      z: { driver: "file", datadir: "./z" },
    },
  });
  await Deno.mkdir(place.path("z"));
  await Deno.writeTextFile(place.path("x"), "hello");
  assertEquals((await place.run("add", "x")).code, 0);
  const runs: [string[], string][] = [
    [["ls", "-R", "/"], "/z/x\n"],
    [["tree", "/"], "1 image"],
    [["verify", "/"], "/z/x: ok (md5, sha512)\n"],
    [["cp", "-r", "-v", "/", "./out"], "/z/x -> ./out/z/x\n"],
  ];
  for (const [args, expected] of runs) {
    const { code, out, err } = await place.run(...args);
    assertEquals(code, 1, args[0]);
    assertStringIncludes(out, expected);
    assertMatch(err, /^vitrine: a: [^\n]*unknown driver[^\n]*\n$/);
  }
  assertEquals(await Deno.readTextFile(place.path("out/z/x")), "hello");
  for (const command of [["ls"], ["verify"], ["cp", "-r"]]) {
    const target = command[0] === "cp" ? ["./web"] : [];
    const { code, err } = await place.run(...command, "/web", ...target);
    assertEquals([code, err], [1, "vitrine: web: list /web: the store does not support it\n"]);
  }
});

Deno.test("stat: shows a file: URI that is the image everywhere but in cp and add", async () => {
  await using place = await withHello();
  const { location } = JSON.parse((await place.run("stat", "--json", "/local/iso/x.iso")).out);
  assertEquals(location, `file://${place.folder}/local/iso/x.iso`);
  assertEquals((await place.run("cat", location)).out, "hello");
  assertEquals((await place.run("ls", location)).out, "x.iso\n");
  assertEquals(JSON.parse((await place.run("stat", "--json", location)).out).checksum, HELLO_MD5);
  assertEquals((await place.run("verify", location)).out, `${location}: ok (md5, sha512)\n`);
  assertEquals((await place.run("cp", location, "/mirror/y")).code, 0);
  assertEquals((await place.run("mv", location, "/mirror/z")).code, 2);
  const outside = await place.run("cat", `file://${place.folder}/x.iso`);
  assertEquals([outside.code, outside.out], [1, ""]);
  assertEquals((await place.run("rm", location)).code, 0);
  assertEquals((await place.run("ls", "/local")).out, "");
});

Deno.test("--json: has one form for one operand and one for several, failed or not", async () => {
  await using place = await withHello();
  const [image, missing] = ["/local/iso/x.iso", "/local/none"];
  const json = async (...args: string[]) => {
    const { code, out } = await place.run(...args, "--json");
    return { code, value: out === "" ? undefined : JSON.parse(out) };
  };
  const one = await json("stat", image);
  assertEquals([one.code, one.value.path], [0, image]);
  assertEquals(await json("stat", missing), { code: 1, value: undefined });
  const some = await json("stat", image, missing);
  assertEquals([some.code, some.value], [1, [one.value]]);
  const { code, value: [good, bad, ...rest] } = await json("verify", image, missing);
  assertEquals([code, rest.length], [1, 0]);
  assertEquals(good, { path: image, ok: true, size: 5, checked: ["md5", "sha512"] });
  assertEquals([bad.path, bad.ok], [missing, false]);
  assertStringIncludes(bad.error, `local: stat ${missing}: no such image`);
  const wrong = await json("verify", "--md5", "0".repeat(32), image);
  assertEquals([wrong.value[0].path, wrong.value[0].ok], [image, false]);
  assertEquals((await json("config", "convert", "new.json")).value, { file: "new.json" });
});

Deno.test("serve: names the port that is in use", async () => {
  await using place = await Workplace.make();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  const { code, err } = await place.run("serve", "--port", `${port}`);
  assertEquals([code, err], [
    1,
    `vitrine: port ${port} is in use already: --port takes another\n`,
  ]);
});

Deno.test("stores: shows capabilities, and that a store failed", async () => {
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

Deno.test("add: leaves nothing behind after Ctrl-C, also if it arrives twice", async () => {
  await using place = await Workplace.make();
  const before = await place.files();
  const child = place.start(["add", "-", "--id", "big", "--store", "local"], { stdin: "piped" });
  const writer = child.stdin.getWriter();
  // The last chunk is taken only when the ones before have been written to the store.
  for (let i = 0; i < 64; i++) await writer.write(new Uint8Array(1024 * 1024).fill(i));
  // As with `deno task`: the terminal signals both, and the task passes it on to its child.
  child.kill("SIGINT");
  child.kill("SIGTERM");
  const { code, stderr } = await child.output();
  await writer.abort().catch(() => {});
  assertEquals([code, new TextDecoder().decode(stderr)], [130, "vitrine: interrupted\n"]);
  assertEquals(await place.files(), before);
});

Deno.test("cat: ends silently if its pipe is closed early", async () => {
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

Deno.test("ls: ends silently if its pipe is closed before it begins", async () => {
  await using place = await withHello();
  const child = place.start(["ls", "-R", "/"]);
  await child.stdout.cancel();
  const { code } = await child.status;
  assertEquals([code, await new Response(child.stderr).text()], [141, ""]);
});

Deno.test("serve: serves the tree until it is interrupted", async () => {
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

Deno.test("gc --dry-run: lists what would be removed, and refuses an age that is not a duration", async () => {
  await using place = await withHello();
  const { code, out } = await place.run("gc", "--dry-run", "--json");
  assertEquals([code, JSON.parse(out)], [0, []]);
  assertEquals((await place.run("gc", "--older-than", "soon")).code, 2);
  assertEquals((await place.run("gc", "none")).code, 1);
});

Deno.test("vitrine add: stores media type, cache control and metadata, or refuses them", async () => {
  await using place = await Workplace.make({
    stores: {
      scratch: { driver: "memory" },
      local: { driver: "file", datadir: "local", createDatadir: true },
    },
  });
  await Deno.writeTextFile(`${place.folder}/a.txt`, "hello");
  const kept = ["--content-type", "text/plain", "--cache-control", "no-cache"];
  const metadata = ["--metadata", "project=vitrine", "--metadata", "note=a=b"];
  const added = await place.run("add", "a.txt", "--store", "scratch", ...kept, ...metadata);
  assertEquals(added.code, 0, added.err);
  const refused = await place.run("add", "a.txt", "--store", "local", ...kept);
  assertEquals(refused.code, 1);
  assertStringIncludes(refused.err, 'the ability "metadata" to keep contentType');
  for (const wrong of [["nothing"], ["a=1", "--metadata", "a=2"], ["=text"]]) {
    const { code } = await place.run("add", "a.txt", "--store", "scratch", "--metadata", ...wrong);
    assertEquals(code, 2, wrong.join(" "));
  }
});
