/**
 * Makes the corpus: disk images, sound and hostile, from the programs that write them. `expected.json`
 * says what is to be found in each.
 *
 * @module
 */
import { hasPrograms } from "../../services/service.ts";
import { makeOthers, makePolyglots, makeQcow, makeVmdk } from "./hostile.ts";
import { makeContainers, makeContent, makeRaw, makeWrapped } from "./sound.ts";
import { Workshop } from "./workshop.ts";

/** Debian's packages of the programs that the corpus is made with. */
export const PACKAGES = [
  ...["qemu-utils", "cryptsetup-bin", "xorriso", "genisoimage", "udftools", "fdisk", "dosfstools"],
  ...[
    "e2fsprogs",
    "xfsprogs",
    "btrfs-progs",
    "squashfs-tools",
    "gzip",
    "xz-utils",
    "zstd",
    "bzip2",
  ],
  ...["zip", "webp", "libavif-bin", "libjpeg-turbo-progs"],
];

/** Whether all the programs are there. */
export function canMakeCorpus(): boolean {
  return hasPrograms(
    ...["qemu-img", "cryptsetup", "xorriso", "genisoimage", "mkudffs", "sfdisk", "mkfs.fat"],
    ...["mke2fs", "mkfs.xfs", "mkfs.btrfs", "mksquashfs", "gzip", "xz", "zstd", "bzip2"],
    ...["zip", "cwebp", "avifenc", "cjpeg"],
  );
}

/** Makes all images in an empty directory. They are sparse: 40 MB, which look like 700. */
export async function makeCorpus(directory: string): Promise<void> {
  const shop = new Workshop(directory);
  await allOf(makeContainers(shop), makeRaw(shop), makeContent(shop));
  await allOf(makeWrapped(shop), makeQcow(shop), makeVmdk(shop));
  await allOf(makeOthers(shop), makePolyglots(shop));
  for await (const { name } of Deno.readDir(directory)) {
    if (name.startsWith(".")) await Deno.remove(shop.path(name), { recursive: true });
  }
}

/** Waits until all have ended, so that a directory in which one failed can be removed. */
async function allOf(...works: Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(works)).find(({ status }) => status === "rejected");
  if (failed) throw (failed as PromiseRejectedResult).reason;
}

if (import.meta.main) await makeCorpus(Deno.args[0]!);
