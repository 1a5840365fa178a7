/**
 * `cp` and `mv` between the tree and local files.
 *
 * @module
 */
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { MemoryStore } from "@vitrine/vitrine/memory";
import { openLocal } from "../../cli/local.ts";
import { SPARSE_IMAGES, sparseBytes, writeSparse } from "../store/sparse_images.ts";
import { Workplace } from "./harness.ts";

/** A folder whose `local` store has images of these ids; each holds its own id. */
async function withImages(...ids: string[]): Promise<Workplace> {
  const place = await Workplace.make();
  for (const id of ids) {
    await Deno.writeTextFile(place.path("draft"), id);
    const { code, err } = await place.run("add", "draft", "--id", id, "--store", "local");
    assertEquals(code, 0, err);
  }
  await Deno.remove(place.path("draft")).catch(() => {});
  return place;
}

/** Changes a byte of a file in place, and nothing else that can be seen. */
async function rot(path: string): Promise<void> {
  const { atime, mtime } = await Deno.stat(path);
  using file = await Deno.open(path, { write: true });
  await file.write(new TextEncoder().encode("!"));
  await Deno.utime(path, atime!, mtime!);
}

async function names(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
}

Deno.test("cp: refuses an image that was changed in its store, unless --allow-changed", async () => {
  await using place = await withImages("x");
  await rot(place.path("local/x"));
  const before = await names(place.folder);
  const file = await place.run("cp", "/local/x", "./out");
  assertEquals([file.code, file.out], [3, ""]);
  assertStringIncludes(file.err, "local: get /local/x: md5 is ");
  assertEquals(await names(place.folder), before);
  const piped = await place.run("cp", "/local/x", "-");
  assertEquals([piped.code, piped.err], [3, file.err]);
  const allowed = await place.run("cp", "--allow-changed", "/local/x", "./out");
  assertEquals([allowed.code, allowed.err], [0, ""]);
});

Deno.test("cp -r: copies directories of the tree to local ones, and creates them", async () => {
  await using place = await withImages("a", "iso/b", "iso/deep/c");
  const { code, out, err } = await place.run("cp", "-r", "-v", "/local", "./out");
  assertEquals([code, err], [0, ""]);
  assertEquals(out.split("\n").sort(), [
    "",
    "/local/a -> ./out/a",
    "/local/iso/b -> ./out/iso/b",
    "/local/iso/deep/c -> ./out/iso/deep/c",
  ]);
  assertEquals(await Deno.readTextFile(place.path("out/iso/deep/c")), "iso/deep/c");
  assertEquals((await place.run("cp", "-r", "/local/iso", "./out/iso")).code, 0);
  assertEquals(await names(place.path("out/iso/iso")), ["b", "deep"]);
  assertEquals((await place.run("cp", "/local/a", "./new/er/")).code, 0);
  assertEquals(await Deno.readTextFile(place.path("new/er/a")), "a");
});

Deno.test("cp -r: copies local directories to the tree, and reports what is no file", async () => {
  await using place = await withImages();
  await Deno.mkdir(place.path("in/deep"), { recursive: true });
  await Deno.writeTextFile(place.path("in/a"), "a");
  await Deno.writeTextFile(place.path("in/deep/b"), "b");
  await Deno.symlink("a", place.path("in/link"));
  await Deno.symlink("deep", place.path("in/linked-directory"));
  const { success } = await new Deno.Command("mkfifo", { args: [place.path("in/pipe")] }).output();
  assert(success);
  const { code, err } = await place.run("cp", "-r", "./in", "/local/x");
  assertEquals(code, 1, err);
  assertEquals(err.split("\n").sort(), [
    "",
    "vitrine: ./in/linked-directory: passed over, it is no regular file",
    "vitrine: ./in/pipe: passed over, it is no regular file",
  ]);
  const listed = (await place.run("ls", "-R", "/local")).out.split("\n");
  assertEquals(listed, [
    "/local/x/",
    "/local/x/a",
    "/local/x/deep/",
    "/local/x/deep/b",
    "/local/x/link",
    "",
  ]);
  assertEquals((await place.run("cat", "/local/x/link")).out, "a");
  assertEquals((await place.run("cp", "-r", "./in/deep", "/local")).code, 0);
  assertEquals((await place.run("cat", "/local/deep/b")).out, "b");
});

Deno.test("cp -f: keeps the mode of the file that it replaces, also behind a link", async () => {
  await using place = await withImages("x");
  for (const name of ["file", "target"]) {
    await Deno.writeTextFile(place.path(name), "before");
    // Whoever owned it, no image becomes a program that runs as somebody else.
    await Deno.chmod(place.path(name), 0o4640);
  }
  await Deno.symlink("target", place.path("link"));
  for (const name of ["file", "link"]) {
    const { code, err } = await place.run("cp", "-f", "/local/x", `./${name}`);
    assertEquals([code, err], [0, ""]);
    assertEquals(await Deno.readTextFile(place.path(name)), "x");
    assertEquals((await Deno.stat(place.path(name))).mode! & 0o7777, 0o640);
  }
  assert((await Deno.lstat(place.path("link"))).isSymlink);
});

Deno.test("cp -f: does not replace the file that is the image", async () => {
  await using place = await withImages("x");
  const { location } = JSON.parse((await place.run("stat", "--json", "/local/x")).out);
  const { code, err } = await place.run("cp", "-f", "/local/x", location);
  assertEquals(code, 1);
  assertMatch(err, /: write [^:]*\/x: it is the image's own file\n$/);
  assertEquals((await place.run("verify", "/local")).code, 0);
});

Deno.test("cp -f: replaces only regular files", async () => {
  await using place = await withImages("x");
  await new Deno.Command("mkfifo", { args: [place.path("pipe")] }).output();
  await Deno.symlink("/dev/null", place.path("device"));
  await Deno.symlink("nowhere", place.path("dangling"));
  for (const name of ["pipe", "device", "dangling"]) {
    const { code, out, err } = await place.run("cp", "-f", "/local/x", `./${name}`);
    assertEquals([code, out], [1, ""], name);
    assertMatch(err, /^vitrine: local file: write \.\/\w+: what is there is no regular file\n$/);
    const found = await Deno.lstat(place.path(name));
    assert(found.isFifo || found.isSymlink, name);
  }
});

Deno.test("cp: refuses two sources of one name before anything is copied", async () => {
  await using place = await withImages("a/x", "b/x", "y");
  for (const [command, target] of [["cp", "./out/"], ["cp", "/mirror/"], ["mv", "/mirror/"]]) {
    const flags = command === "cp" ? ["-f"] : [];
    const run = await place.run(
      command!,
      ...flags,
      "/local/y",
      "/local/a/x",
      "/local/b/x",
      target!,
    );
    assertEquals([run.code, run.out], [2, ""]);
    assertStringIncludes(run.err, "x would be written twice: from /local/a/x and from /local/b/x");
  }
  assert(!(await names(place.folder)).includes("out"));
  assertEquals((await place.run("ls", "/mirror")).out, "");
  assertEquals((await place.run("ls", "/local")).out, "a/\nb/\ny\n");
});

Deno.test("cp: copies the other sources if one is missing", async () => {
  await using place = await withImages("x");
  await Deno.writeTextFile(place.path("y"), "y");
  const missing = ["/local/none", "./none", "/nowhere/none"];
  const run = await place.run(
    "cp",
    ...missing.slice(0, 1),
    "./none",
    "./y",
    "/local/x",
    "/mirror/",
  );
  assertEquals([run.code, run.err.split("\n").length - 1], [1, 2]);
  assertEquals((await place.run("ls", "/mirror")).out, "x\ny\n");
});

Deno.test("cp: writes a file name of 255 bytes", async () => {
  await using place = await withImages("x");
  const name = "n".repeat(255);
  const { code, err } = await place.run("cp", "/local/x", `./${name}`);
  assertEquals([code, err], [0, ""]);
});

Deno.test("openLocal: fails if the file is written to while it is added", async () => {
  const path = await Deno.makeTempFile();
  try {
    const bytes = new Uint8Array(32 << 20);
    await Deno.writeFile(path, bytes);
    await Deno.utime(path, 0, 0);
    const store = new MemoryStore("scratch");
    const { data, size } = await openLocal({ kind: "local", path });
    let written: Promise<void> | undefined;
    const verifier = { update: () => written ??= Deno.writeFile(path, bytes.fill(1)) };
    await assertRejects(
      () => store.add("x", data, { size, verifier }),
      Error,
      `${path}: it was changed while it was read`,
    );
    await written;
    assertEquals(await Array.fromAsync(store.list()), []);
    const again = await openLocal({ kind: "local", path });
    const added = await store.add("x", again.data, { size: again.size });
    assertEquals(added.size, bytes.length);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("cp: a local file with holes becomes an image with holes, and that a file with holes", async () => {
  await using place = await Workplace.make();
  const image = SPARSE_IMAGES.find(({ name }) => name === "end")!;
  await writeSparse(place.path("thin"), image);
  for (const [from, to] of [["./thin", "/local/thin"], ["/local/thin", "./back"]]) {
    assertEquals((await place.run("cp", from!, to!)).code, 0);
  }
  for (const path of ["local/thin", "back"]) {
    assertEquals((await Deno.readFile(place.path(path))).length, image.size);
    const { blocks } = await Deno.stat(place.path(path));
    assert(blocks! * 512 <= 262_144, `${path} takes ${blocks! * 512} bytes`);
  }
  const bytes = await Deno.readFile(place.path("back"));
  assertEquals(bytes.subarray(-70_000), sparseBytes(image).subarray(-70_000));
});

Deno.test("cp: --bwlimit does not count the holes of an image that stay holes", async () => {
  await using place = await Workplace.make();
  await writeSparse(place.path("thin"), { name: "thin", size: 8 << 20, data: [] });
  const pairs = [["./thin", "/local/x"], ["/local/x", "/mirror/x"], ["/mirror/x", "./back"]];
  for (const operands of pairs) {
    // The zeros would take two hours.
    const signal = AbortSignal.timeout(120_000);
    const child = place.start(["cp", "--bwlimit", "1K", ...operands], { signal });
    const { code, stderr } = await child.output();
    assertEquals(code, 0, `${operands}: ${new TextDecoder().decode(stderr)}`);
  }
  assertEquals((await Deno.stat(place.path("back"))).size, 8 << 20);
});
