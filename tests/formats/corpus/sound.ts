/**
 * Disk images of each kind as programs write them.
 *
 * @module
 */
import { crc32, deflateSync, gzipSync } from "node:zlib";
import { be32, bytes, joined, SIZE, type Workshop } from "./workshop.ts";

const SECRET = ["--object", "secret,id=s,data=corpus"];
const LUKS = [...SECRET, "-o", "key-secret=s,iter-time=10"];

/** Makes the sound disk images of which a guest sees only what is inside. */
export async function makeContainers(shop: Workshop): Promise<void> {
  await shop.resize(".source", SIZE);
  await shop.poke(".source", 65_536, "Vitrine corpus, block after block. ".repeat(1_900));
  await shop.copy(".source", "raw.img");
  const { create } = { create: shop.create.bind(shop) };
  await create("qcow2", "qcow2-v3.qcow2", SIZE);
  await create("qcow2", "qcow2-v2.qcow2", SIZE, "-o", "compat=0.10");
  await create("qcow2", "qcow2-extl2.qcow2", SIZE, "-o", "extended_l2=on,cluster_size=128k");
  await create("qcow2", "qcow2-lazy.qcow2", SIZE, "-o", "lazy_refcounts=on");
  await create(
    "qcow2",
    "qcow2-luks.qcow2",
    SIZE,
    ...SECRET,
    "-o",
    "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10",
  );
  await shop.convert("qcow2", ".source", "qcow2-zlib.qcow2", "-c");
  await shop.convert("qcow2", ".source", "qcow2-zstd.qcow2", "-c", "-o", "compression_type=zstd");
  await create("qcow", "qcow1.qcow", SIZE);
  await create("qed", "qed.qed", SIZE);
  await create("vpc", "vhd-dynamic.vhd", SIZE);
  await create("vpc", "vhd-dynamic-forced.vhd", SIZE, "-o", "force_size=on");
  await create("vpc", "vhd-fixed.vhd", SIZE, "-o", "subformat=fixed");
  await create("vhdx", "vhdx-dynamic.vhdx", SIZE);
  await create("vhdx", "vhdx-fixed.vhdx", SIZE, "-o", "subformat=fixed");
  await create("vdi", "vdi-dynamic.vdi", SIZE);
  await create("vdi", "vdi-static.vdi", SIZE, "-o", "static=on");
  await create("vmdk", "vmdk-sparse.vmdk", SIZE);
  await create("vmdk", "vmdk-2gbsparse.vmdk", SIZE, "-o", "subformat=twoGbMaxExtentSparse");
  await create("vmdk", "vmdk-flat.vmdk", SIZE, "-o", "subformat=monolithicFlat");
  await create("vmdk", "vmdk-2gbflat.vmdk", SIZE, "-o", "subformat=twoGbMaxExtentFlat");
  for (const extent of ["2gbsparse-s001", "flat-flat", "2gbflat-f001"]) {
    await Deno.rename(shop.path(`vmdk-${extent}.vmdk`), shop.path(`.vmdk-${extent}.vmdk`));
  }
  const STREAM = ["-o", "subformat=streamOptimized"];
  await shop.convert("vmdk", ".source", "vmdk-stream.vmdk", ...STREAM);
  await withFooter(shop, "vmdk-stream.vmdk", "vmdk-stream-footer.vmdk");
  await create("parallels", "parallels.hds", SIZE);
  await create("luks", "luks1-qemu.luks", "1M", ...LUKS);
  await shop.resize("luks1-cryptsetup.luks", 4 * 2 ** 20);
  await cryptsetup(shop, "luks1-cryptsetup.luks", "luks1");
  await shop.resize("luks2.luks", 17 * 2 ** 20);
  await cryptsetup(shop, "luks2.luks", "luks2");
  // Both headers stay, the key slots' noise goes.
  await shop.resize("luks2.luks", 32_768);
  await shop.resize("luks2.luks", 17 * 2 ** 20);
}

/** Makes what needs disks with partitions: the disk in a LUKS container, and fixed VHDs over raw disks. */
export async function makeWrapped(shop: Workshop): Promise<void> {
  await shop.head("gpt.img", ".inner", 65_536);
  await shop.convert("luks", ".inner", "luks1-inner-gpt.luks", ...LUKS);
  for (const inner of ["gpt", "mbr", "ext4", "fat"]) {
    await shop.convert(
      "vpc",
      `${inner}.img`,
      `vhd-fixed-${inner}.vhd`,
      "-o",
      "subformat=fixed,force_size=on",
    );
  }
  // The signatures of archives and pictures, where a disk has the code that starts it.
  await shop.changed("mbr.img", "mbr-png.img", [0, pngHeader(640, 480)]);
  await shop.changed("gpt.img", "gpt-gzip.img", [0, gzipSync(bytes("no disk"))]);
  await shop.changed("raw.img", "raw-zip.img", [0, "PK\x03\x04"]);
}

async function cryptsetup(shop: Workshop, name: string, type: string): Promise<void> {
  await shop.write(".key", "corpus");
  const kdf = ["--pbkdf=pbkdf2", "--pbkdf-force-iterations=1000"];
  await shop.run(
    "cryptsetup",
    "luksFormat",
    "-q",
    `--type=${type}`,
    ...(type === "luks2" ? kdf : kdf.slice(1)),
    "--key-file=.key",
    name,
  );
}

/** Writes a stream-optimized image as VMware does: the header says that the footer has the directory. */
export async function withFooter(shop: Workshop, from: string, to: string): Promise<void> {
  const image = await shop.read(from);
  const marker = new Uint8Array(512);
  marker[0] = 1;
  marker[12] = 3;
  const footer = image.slice(0, 512);
  image.fill(0xff, 56, 64);
  await shop.write(to, joined(image, marker, footer, new Uint8Array(512)));
}

/** Makes raw disks, discs and file systems. */
export async function makeRaw(shop: Workshop): Promise<void> {
  const MIB = 2 ** 20;
  await Deno.mkdir(shop.path(".tree/boot"), { recursive: true });
  await shop.write(".tree/hello.txt", "hello\n");
  await shop.write(".tree/boot/eltorito.img", new Uint8Array(2048));
  await shop.write(".mbr", new Uint8Array(440));
  await shop.resize("fat.img", MIB);
  await shop.run("mkfs.fat", "-n", "ESP", "fat.img");
  await makeDiscs(shop);

  await partitioned(shop, "gpt.img", "label: gpt\nstart=2048, size=2048, type=L\n");
  await partitioned(shop, "mbr.img", "label: dos\nstart=2048, size=2048, type=83, bootable\n");
  await shop.resize("fat16.img", 16 * MIB);
  await shop.run("mkfs.fat", "-F", "16", "fat16.img");
  await shop.resize("fat32.img", 34 * MIB);
  await shop.run("mkfs.fat", "-F", "32", "fat32.img");
  for (const version of ["ext2", "ext3", "ext4"]) {
    await shop.resize(`${version}.img`, 4 * MIB);
    await shop.run("mke2fs", "-q", "-F", "-t", version, `${version}.img`);
  }
  await shop.resize("xfs.img", 16 * MIB);
  await shop.run("mkfs.xfs", "-q", "--unsupported", "xfs.img");
  await shop.resize("btrfs.img", 16 * MIB);
  await shop.run("mkfs.btrfs", "-q", "--mixed", "btrfs.img");
  await shop.run("mksquashfs", ".tree", "squashfs.img", "-quiet", "-no-progress", "-all-root");
  // Both have only what their boot sectors say.
  await shop.resize("exfat.img", 4 * MIB);
  await shop.poke("exfat.img", 0, "\xeb\x76\x90EXFAT   ");
  await shop.poke("exfat.img", 72, "\0\x20\0\0\0\0\0\0");
  await shop.poke("exfat.img", 108, "\x09\x03");
  await shop.poke("exfat.img", 510, "\x55\xaa");
  await shop.resize("ntfs.img", 4 * MIB);
  await shop.poke("ntfs.img", 0, "\xeb\x52\x90NTFS    \0\x02\x08");
  await shop.poke("ntfs.img", 40, "\xff\x1f\0\0\0\0\0\0");
  await shop.poke("ntfs.img", 510, "\x55\xaa");

  const table = (await shop.read("mbr.img")).slice(440, 512);
  await shop.changed("ext4.img", "mbr-ext4.img", [440, table]);
  await shop.changed("fat.img", "mbr-fat.img", [440, table]);
  await shop.changed("ext4.img", "ext4-boot-sector.img", [510, "\x55\xaa"]);
}

async function partitioned(shop: Workshop, name: string, table: string): Promise<void> {
  await shop.resize(name, 4 * 2 ** 20);
  await shop.write(".table", table);
  // sfdisk reads its standard input.
  await shop.run("sh", "-c", `PATH=$PATH:/usr/sbin:/sbin sfdisk -q ${name} < .table`);
}

async function makeDiscs(shop: Workshop): Promise<void> {
  const iso = (name: string, ...options: string[]) =>
    shop.run(
      "xorriso",
      ...["-report_about", "FATAL", "-as", "mkisofs", "-quiet", "-V", "CORPUS", "-r"],
      ...options,
      ...["-o", name, ".tree"],
    );
  const hybrid = [
    ...["-isohybrid-mbr", ".mbr", "-b", "boot/eltorito.img", "-no-emul-boot"],
    ...["-boot-load-size", "4", "-boot-info-table"],
  ];
  await iso("iso.iso");
  await iso("iso-mbr-hybrid.iso", ...hybrid);
  await iso(
    "iso-gpt-hybrid.iso",
    ...hybrid,
    ...["-eltorito-alt-boot", "-e", "--interval:appended_partition_2:all::", "-no-emul-boot"],
    ...["-append_partition", "2", "0xef", "fat.img", "-appended_part_as_gpt"],
  );
  await iso("iso-apm-hybrid.iso", "-hfsplus", "-apm-block-size", "2048");
  await shop.run(
    ...["genisoimage", "-quiet", "-udf", "-V", "CORPUS"] as [string, ...string[]],
    ...["-o", "iso-udf-bridge.iso", ".tree"],
  );
  await shop.run("mkudffs", "--label=CORPUS", "--blocksize=2048", "--new-file", "udf.img", "1024");
}

/** Makes archives and pictures. */
export async function makeContent(shop: Workshop): Promise<void> {
  await shop.write(".text", "Vitrine corpus. ".repeat(100));
  for (const program of ["gzip", "xz", "zstd", "bzip2"]) {
    await shop.write(`text.${program}`, await shop.run(program, "-c", ".text"));
  }
  await shop.run("zip", "-q", "text.zip", ".text");
  await shop.run("tar", "cf", "text.tar", ".text");
  const pixels = new Uint8Array(64 * 48 * 3).map((_, i) => i % 251);
  await shop.write(".picture.ppm", joined("P6\n64 48\n255\n", pixels));
  await shop.write("picture.jpeg", await shop.run("cjpeg", ".picture.ppm"));
  await shop.write("picture.png", png(64, 48, pixels));
  await shop.run("cwebp", "-quiet", "picture.png", "-o", "picture.webp");
  await shop.run("cwebp", "-quiet", "-lossless", "picture.png", "-o", "picture-lossless.webp");
  await shop.run("avifenc", "-s", "10", "picture.png", "picture.avif");
  await shop.write(
    "picture.gif",
    "GIF89a\x40\0\x30\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;",
  );
  const SVG =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 48"><path d="M0 0h9v9z"/></svg>`;
  await shop.write("picture.svg", `<?xml version="1.0"?>\n<!-- a picture -->\n${SVG}\n`);
  await shop.write("picture-script.svg", SVG.replace("</svg>", "<script>alert(1)</script></svg>"));
  await shop.write("picture-handler.svg", SVG.replace("<path", `<path onclick="alert(1)"`));
}

function pngHeader(width: number, height: number): Uint8Array<ArrayBuffer> {
  return joined("\x89PNG\r\n\x1a\n", be32(13), "IHDR", be32(width), be32(height), "\x08\x02\0\0\0");
}

function png(width: number, height: number, pixels: Uint8Array): Uint8Array<ArrayBuffer> {
  const rows = new Uint8Array(height * (1 + width * 3));
  for (let y = 0; y < height; y++) {
    rows.set(pixels.subarray(y * width * 3, (y + 1) * width * 3), y * (1 + width * 3) + 1);
  }
  const header = pngHeader(width, height).subarray(16);
  return joined(
    "\x89PNG\r\n\x1a\n",
    pngChunk("IHDR", header),
    pngChunk("IDAT", deflateSync(rows)),
    pngChunk("IEND", new Uint8Array()),
  );
}

function pngChunk(type: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const body = joined(type, data);
  return joined(be32(data.length), body, be32(crc32(body)));
}
