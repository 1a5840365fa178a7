/**
 * The main job on real images: a bootable ISO and a qcow2 are added to a file store, copied to a
 * memory store, listed and read through one path tree, and verified.
 *
 * Run it: `deno task demo [IMAGE...]`. Without an image it builds two.
 *
 * @module
 */
import { basename, join } from "@std/path";
import { type AddResult, Vfs } from "@vitrine/vitrine";
import { FileStore } from "@vitrine/vitrine/file";
import { MemoryStore } from "@vitrine/vitrine/memory";
import { buildIso } from "./iso.ts";
import { buildQcow2 } from "./qcow2.ts";

const MIB = 1024 * 1024;
const BLOCK = 65_536;
/** Where Debian's grub-rescue-pc puts its bootable ISO. */
const GRUB = "/usr/lib/grub-rescue/grub-rescue-cdrom.iso";

/** `count` blocks that no two are alike and nothing compresses. */
function* noise(count: number): Generator<Uint8Array> {
  for (let i = 0; i < count; i++) yield crypto.getRandomValues(new Uint8Array(BLOCK));
}

async function write(path: string, pieces: Iterable<Uint8Array>): Promise<string> {
  using file = await Deno.open(path, { write: true, createNew: true });
  for (const piece of pieces) {
    for (let at = 0; at < piece.length;) at += await file.write(piece.subarray(at));
  }
  return path;
}

/** The images named on the command line, or two that are built, and a third where there is one. */
async function images(folder: string): Promise<string[]> {
  if (Deno.args.length > 0) return Deno.args;
  const count = 128 * MIB / BLOCK;
  const built = [
    await write(join(folder, "demo.iso"), buildIso(noise(count), count * BLOCK)),
    await write(join(folder, "demo.qcow2"), buildQcow2(noise(count), count, 10 * 1024 * MIB)),
  ];
  const grub = await Deno.stat(GRUB).then(() => [GRUB], () => []);
  return [...built, ...grub];
}

/** Does something, says what came of it, how long it took and how fast it went. */
async function step<T>(what: string, bytes: number, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  const seconds = (performance.now() - start) / 1000;
  const rate = bytes > 0 ? `  ${(bytes / MIB / seconds).toFixed(0)} MiB/s` : "";
  console.log(`${what.padEnd(62)}  ${seconds.toFixed(2)} s${rate}`);
  return result;
}

/** What the first bytes say that an image is. */
function kindOf(head: Uint8Array, volume: Uint8Array): string {
  if (new TextDecoder().decode(volume) === "CD001") return "ISO 9660";
  if (new TextDecoder("latin1").decode(head) === "QFI\xfb") return "qcow2";
  return "a disk image";
}

async function demo(folder: string): Promise<void> {
  await using vfs = new Vfs({
    files: new FileStore("files", { datadir: join(folder, "store"), createDatadir: true }),
    memory: new MemoryStore("memory"),
  });
  const paths = await step("images to work with", 0, () => images(folder));
  const added = new Map<string, AddResult>();
  for (const path of paths) {
    using file = await Deno.open(path);
    const { size } = await file.stat();
    const target = `/files/images/${basename(path)}`;
    const add = () => vfs.writeFile(target, file.readable, { size });
    added.set(target, await step(`add ${target}, with md5 and sha512`, size, add));
  }
  for (const [path, { size }] of added) {
    const copy = path.replace("/files/", "/memory/");
    await step(`copy it to ${copy}`, size, () => vfs.copyFile(path, copy));
  }
  console.log("\nthe tree");
  for await (const { path, isFile, size } of vfs.walk("/")) {
    console.log(`  ${path}${isFile ? `  ${size} bytes` : "/"}`);
  }
  console.log("\nranges");
  for (const path of added.keys()) {
    const head = await vfs.readFile(path, { length: 4 });
    const volume = await vfs.readFile(path, { offset: 32_769, length: 5 });
    console.log(`  ${path} is ${kindOf(head, volume)}`);
  }
  console.log("\nverified by reading each whole");
  for (const [path, { checksum, multihash, size }] of added) {
    for (const one of [path, path.replace("/files/", "/memory/")]) {
      await step(`${one}, both digests`, size, async () => {
        const { stream } = await vfs.get(one, { verify: { checksum, multihash } });
        await stream.pipeTo(new WritableStream());
      });
    }
    console.log(`  md5 ${checksum}\n  ${multihash.algo} ${multihash.value.slice(0, 64)}...`);
  }
}

const folder = await Deno.makeTempDir({ prefix: "vitrine-demo-" });
try {
  await step("\nall of it", 0, () => demo(folder));
} finally {
  await Deno.remove(folder, { recursive: true });
}
