/**
 * A disk image that boots: GRUB, Debian's kernel for clouds, an initial RAM disk with busybox, and a file.
 *
 * @module
 */
import { basename, join } from "@std/path";

/** What the kernel needs to read an ISO 9660 disk of virtio, in the order of loading. */
const MODULES = [
  "drivers/virtio/virtio_ring.ko",
  "drivers/virtio/virtio.ko",
  "drivers/virtio/virtio_pci_legacy_dev.ko",
  "drivers/virtio/virtio_pci_modern_dev.ko",
  "drivers/virtio/virtio_pci.ko",
  "drivers/block/virtio_blk.ko",
  "drivers/cdrom/cdrom.ko",
  "fs/isofs/isofs.ko",
];
/** All that GRUB needs to load a kernel from such a disk. */
const GRUB_MODULES = "biosdisk iso9660 part_msdos normal linux serial terminal echo";

/**
 * Builds an image that a PC with a BIOS boots. It needs `grub-mkrescue` (Debian's packages `grub-pc-bin`,
 * `grub-common`, `xorriso` and `mtools`).
 *
 * @param system The folder where the packages `linux-image-cloud-amd64` and `busybox-static` are unpacked.
 * @param payload The file whose SHA-256 the machine prints.
 * @param image Where to write the image.
 * @throws {Error} If the folder lacks something, or a program fails.
 */
export async function buildBootImage(
  system: string,
  payload: string,
  image: string,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "vitrine-boot-" });
  try {
    const grub = join(folder, "disk/boot/grub");
    await Deno.mkdir(grub, { recursive: true });
    const release = await releaseOf(system);
    await Deno.copyFile(join(system, `boot/vmlinuz-${release}`), join(grub, "../vmlinuz"));
    await buildRamDisk(system, release, join(folder, "ram"), join(grub, "../initrd"));
    await Deno.copyFile(new URL("grub.cfg", import.meta.url), join(grub, "grub.cfg"));
    await Deno.copyFile(payload, join(folder, "disk/payload"));
    await run("grub-mkrescue", [
      ...["--install-modules", GRUB_MODULES, "--locales=", "--fonts=", "--themes="],
      ...["--output", image, join(folder, "disk")],
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function releaseOf(system: string): Promise<string> {
  for await (const { name } of Deno.readDir(join(system, "boot"))) {
    if (name.startsWith("vmlinuz-")) return name.slice("vmlinuz-".length);
  }
  throw new Error(`${system}/boot has no vmlinuz`);
}

async function buildRamDisk(
  system: string,
  release: string,
  folder: string,
  archive: string,
): Promise<void> {
  for (const name of ["bin", "dev", "disk", "modules"]) {
    await Deno.mkdir(join(folder, name), { recursive: true });
  }
  const busybox = join(system, "bin/busybox");
  await Deno.copyFile(busybox, join(folder, "bin/busybox"));
  await Deno.copyFile(new URL("init", import.meta.url), join(folder, "init"));
  await Deno.chmod(join(folder, "init"), 0o755);
  for (const module of MODULES) {
    const file = join(system, "lib/modules", release, "kernel", module);
    await Deno.copyFile(file, join(folder, "modules", basename(module)));
  }
  const order = MODULES.map((module) => `${basename(module)}\n`).join("");
  await Deno.writeTextFile(join(folder, "modules/order"), order);
  const pack = `find . | "${busybox}" cpio -o -H newc > "${archive}"`;
  await run("sh", ["-c", pack], folder);
}

async function run(program: string, args: string[], cwd?: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, {
    args,
    ...(cwd && { cwd }),
    stdin: "null",
  }).output();
  if (!success) throw new Error(`${program} failed: ${new TextDecoder().decode(stderr)}`);
}
