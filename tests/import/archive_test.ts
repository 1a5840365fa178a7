/**
 * Members of archives that Debian's tar and zip make, whole and damaged.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { Invalid, Vfs } from "@vitrine/vitrine";
import { importImage } from "@vitrine/vitrine/import";
import { MemoryStore } from "@vitrine/vitrine/memory";
import { openSource } from "../../streams/source.ts";
import { type Packing, unpack } from "../../streams/unpack/unpack.ts";
import { pipe } from "./pipe.ts";

const image = new Uint8Array(1_000_001);
crypto.getRandomValues(image.subarray(0, 65_536));
image.set(new TextEncoder().encode("a disk ".repeat(50_000)), 300_000);

/** Runs a program of the system in a folder, and returns what it writes. */
async function output(cwd: string, program: string, ...args: string[]) {
  const command = new Deno.Command(program, { args, cwd, stdout: "piped", stderr: "piped" });
  const { success, stdout, stderr } = await command.output();
  assert(success, new TextDecoder().decode(stderr));
  return stdout as Uint8Array<ArrayBuffer>;
}

async function unpacked(data: Uint8Array<ArrayBuffer>, packing: Packing, member?: string) {
  const reader = unpack(openSource(data).reader, packing, { member });
  try {
    const whole = await reader.read(new Uint8Array(4_194_304));
    return whole.slice();
  } finally {
    await reader.close();
  }
}

const isSame = (a: Uint8Array, b: Uint8Array) =>
  a.length === b.length && a.every((byte, index) => byte === b[index]);

const LONG = `${"deep/".repeat(30)}a disk with a long name.raw`;
const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
await Deno.mkdir(join(folder, LONG, ".."), { recursive: true });
for (const name of ["disk.raw", LONG]) await Deno.writeFile(join(folder, name), image);
await Deno.writeTextFile(join(folder, "README"), "read me");
await Deno.writeTextFile(join(folder, "sparse.raw"), "hello");
await Deno.truncate(join(folder, "sparse.raw"), 5_000_000);
await Deno.mkdir(join(folder, "empty"));

const ARCHIVES = {
  tar: (...names: string[]) => output(folder, "tar", "-c", ...names),
  zip: (...names: string[]) => output(folder, "zip", "-qr", "-", ...names),
};

for (const [packing, archive] of Object.entries(ARCHIVES) as [Packing, typeof ARCHIVES.tar][]) {
  const whole = await archive("empty", "disk.raw");
  const several = await archive("disk.raw", "README");
  const end = packing === "tar" ? image.length + 1024 : whole.length - 40;

  Deno.test(`unpack: ${packing}: the one file, or the member that is named`, async () => {
    assert(isSame(await unpacked(whole, packing), image));
    assert(isSame(await unpacked(several, packing, "disk.raw"), image));
    assert(isSame(await unpacked(await archive(LONG), packing), image));
    const text = await unpacked(await archive("disk.raw", "./README"), packing, "README");
    assertEquals(new TextDecoder().decode(text), "read me");
    await assertRejects(() => unpacked(several, packing), Invalid, "several members");
    await assertRejects(
      () => unpacked(several, packing, "x"),
      Invalid,
      "no member that is named x",
    );
    const empty = await archive("empty");
    await assertRejects(() => unpacked(empty, packing), Invalid, "has no member");
  });

  Deno.test(`unpack: ${packing}: what is cut off, flipped or followed by garbage`, async () => {
    for (let part = 0; part < 20; part++) {
      const cut = whole.slice(0, Math.floor(end * part / 20) + 1);
      await assertRejects(() => unpacked(cut, packing), Invalid, "cut off");
    }
    const garbage = await new Blob([whole, "what is this doing here?"]).bytes();
    await assertRejects(() => unpacked(garbage, packing), Invalid, "other bytes");
    const flipped = whole.slice();
    // In the second header of tar, and in the data of the member of zip.
    flipped[packing === "tar" ? 520 : whole.length >> 1]! ^= 4;
    await assertRejects(() => unpacked(flipped, packing), Invalid, "corrupt");
  });
}

Deno.test("unpack: tar: pax, GNU and old headers; sparse members are refused", async () => {
  for (const format of ["pax", "gnu", "ustar", "v7"]) {
    const names = format === "v7" ? ["disk.raw"] : [LONG];
    const data = await output(folder, "tar", "-c", `--format=${format}`, ...names);
    assert(isSame(await unpacked(data, "tar"), image), format);
  }
  for (const format of ["gnu", "pax"]) {
    const data = await output(folder, "tar", "-cS", `--format=${format}`, "sparse.raw");
    await assertRejects(() => unpacked(data, "tar"), Invalid, "sparse");
  }
});

Deno.test("unpack: zip: stored, streamed and zip64 members; encrypted ones are refused", async () => {
  const streamed = await pipe(image, "zip", "-q", "-", "-");
  assert(isSame(await unpacked(streamed, "zip"), image));
  const name = join(folder, "made.zip");
  for (const options of [["-0"], ["-0", "-fz"], ["-9"]]) {
    await output(folder, "zip", "-q", ...options, name, "disk.raw");
    assert(isSame(await unpacked(await Deno.readFile(name), "zip"), image), options.join(" "));
    await Deno.remove(name);
  }
  await output(folder, "zip", "-q", "-P", "secret", name, "disk.raw");
  const encrypted = await Deno.readFile(name);
  await assertRejects(() => unpacked(encrypted, "zip"), Invalid, "encrypted");
});

Deno.test("importImage: auto unpacks tar.gz and zip, and leaves nothing of two members", async () => {
  await using vfs = new Vfs({ local: new MemoryStore("local") });
  const add = (data: Uint8Array<ArrayBuffer>, name: string, member?: string) => {
    return importImage(vfs, data, { name, unpack: "auto", member });
  };
  const tar = await ARCHIVES.tar("disk.raw");
  await add(await pipe(tar, "gzip", "-c"), "a.tar.gz");
  await add(await ARCHIVES.zip("disk.raw", "README"), "b.zip", "disk.raw");
  for (const id of ["a", "b"]) assert(isSame(await vfs.readFile(`/local/${id}`), image));
  const two = await ARCHIVES.zip("disk.raw", "README");
  await assertRejects(() => add(two, "c.zip"), Invalid, "disk.raw, README");
  assertEquals(await vfs.exists("/local/c"), false);
});
