/**
 * Copies of a thin image beside `qemu-img convert`: between files, to Ceph and from it.
 *
 * Usage: `holes.ts [GIB] [MIB] [ROUNDS]`. Default: an image of 10 GiB with 512 MiB of data, 3 rounds.
 * The copies to Ceph and from it run where the service `ceph` does. `qemu-img` computes no digests:
 * "digests alone" is what those of a copy between stores take at least.
 *
 * @module
 */
import { join } from "@std/path";
import { RbdStore } from "@vitrine/vitrine/rbd";
import { service } from "../tests/services/mod.ts";
import { child, compare, type Contender } from "./harness.ts";

const [MIB, GIB] = [1024 ** 2, 1024 ** 3];

/** Measures all copies of one image of so many GiB, of which so many MiB are data. */
export async function holes(gib = 10, mib = 512, rounds = 3): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "vitrine-bench-" });
  for (const name of ["a", "b"]) await Deno.mkdir(join(folder, name));
  const source = join(folder, "a", "source");
  await writeThin(source, gib * GIB, mib);
  const ceph = await service("ceph");
  const target = join(folder, "b", "copy");
  const vitrine = (work: string) => () =>
    child(Deno.execPath(), [
      ...["run", "--allow-all", new URL("holes_child.ts", import.meta.url).pathname],
      ...[work, folder, ceph?.confPath ?? ""],
    ]);
  const qemu = (...args: string[]) => () => convert(gib * GIB, args);
  const cleaning = (run: Contender["run"]): Contender["run"] => async () => {
    for (const path of [target, join(folder, "a", "copy")]) await Deno.remove(path).catch(() => {});
    return await run();
  };
  const title = (what: string) => `${what}: ${gib} GiB with ${mib} MiB of data`;
  const against = "qemu-img convert";
  try {
    await compare(title("file to file"), [
      { name: against, run: cleaning(qemu(source, target)) },
      { name: "vitrine, in a store", against, run: cleaning(vitrine("copy")) },
      { name: "vitrine, between stores", against, run: cleaning(vitrine("file-to-file")) },
      { name: "digests alone", against, run: vitrine("digests") },
    ], rounds);
    if (ceph === undefined) return;
    const options = { cephConf: ceph.confPath, user: ceph.user, pool: ceph.pool };
    await using images = new RbdStore("images", options);
    const image = `rbd:${ceph.pool}/bench-holes@snap:conf=${ceph.confPath}:id=${ceph.user}`;
    const qemuImage = image.replace("holes@snap", "qemu");
    const { confPath, pool, user } = ceph;
    const removeQemuImage = async () => {
      const args = ["-c", confPath, "--id", user!, "-p", pool!, "rm", "--no-progress"];
      await new Deno.Command("rbd", { args: [...args, "bench-qemu"] }).output();
    };
    const removing = (run: Contender["run"]): Contender["run"] => async () => {
      await images.delete("bench-holes").catch(() => {});
      return await run();
    };
    await compare(title("file to rbd"), [
      { name: against, run: () => removeQemuImage().then(qemu(source, qemuImage)) },
      { name: "vitrine", against, run: removing(vitrine("file-to-rbd")) },
    ], rounds);
    await compare(title("rbd to file"), [
      { name: against, run: cleaning(qemu(image, target)) },
      { name: "vitrine", against, run: cleaning(vitrine("rbd-to-file")) },
    ], rounds);
    await images.delete("bench-holes");
    await removeQemuImage();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Writes an image with data in pieces of 1 MiB, at equal distances. */
async function writeThin(path: string, size: number, mib: number): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  const piece = new Uint8Array(MIB);
  for (let at = 0; at < MIB; at += 65_536) crypto.getRandomValues(piece.subarray(at, at + 65_536));
  // Sixteen pieces each: so many lie side by side in the images of real disks.
  const distance = Math.floor(size / Math.ceil(mib / 16));
  for (let i = 0; i < mib; i++) {
    await file.seek(Math.floor(i / 16) * distance + i % 16 * MIB, Deno.SeekMode.Start);
    await file.write(piece);
  }
  await file.truncate(size);
  await file.syncData();
}

/** Runs `qemu-img convert`, which has no clock of its own. */
async function convert(bytes: number, args: readonly string[]) {
  // A file is on the disk at the end, as one of a store is.
  const script = 'TIMEFORMAT="%R %U %S"; set -e; ' +
    'time { qemu-img convert -f raw -O raw "$1" "$2"; if [ -f "$2" ]; then sync "$2"; fi; }';
  const { success, stderr } = await new Deno.Command("bash", {
    args: ["-c", script, "bash", ...args],
  }).output();
  const text = new TextDecoder().decode(stderr).trim();
  if (!success) throw new Error(`qemu-img: ${text}`);
  const [seconds, user, system] = text.split("\n").at(-1)!.split(" ").map(Number);
  return { bytes, seconds: seconds!, cpu: user! + system!, rss: 0 };
}

if (import.meta.main) {
  const [gib, mib, rounds] = Deno.args.map(Number);
  await holes(gib, mib, rounds);
}
