/**
 * Images that are damaged, lie, or lead out of themselves.
 *
 * @module
 */
import { be32, bytes, joined, le32, SIZE, type Workshop } from "./workshop.ts";

/** What an image names to get at it. */
const VICTIM = "/etc/passwd";
const SECTOR = 512;

/** Makes the images of QEMU's own formats. */
export async function makeQcow(shop: Workshop): Promise<void> {
  const backing = (format: string, name: string, ...options: string[]) =>
    shop.create(format, name, SIZE, ...options, "-F", "raw");
  const v3 = (name: string, ...changes: (readonly [number, Uint8Array | string])[]) =>
    shop.changed("qcow2-v3.qcow2", `qcow2-${name}.qcow2`, ...changes);
  await backing("qcow2", "qcow2-backing.qcow2", "-b", VICTIM);
  const json = `json:{"driver":"raw","file":{"driver":"file","filename":"${VICTIM}"}}`;
  await backing("qcow2", "qcow2-backing-json.qcow2", "-u", "-b", json);
  await v3("backing-nolen", [8, "\0\0\0\0\0\0\x02\0"]);
  // Version 2 has no feature flags: byte 79 is that of a header extension, here the length 5.
  const extension = joined(be32(0x12345678), be32(5), "hello\0\0\0", new Uint8Array(8));
  await shop.changed("qcow2-v2.qcow2", "qcow2-v2-ext5.qcow2", [72, extension]);
  await shop.run(
    ...["qemu-img", "create", "-q", "-f", "qcow2"] as [string, ...string[]],
    ...["-o", "data_file=aetcapasswd,data_file_raw=on", "qcow2-datafile.qcow2", "1M"],
  );
  await Deno.remove(shop.path("aetcapasswd"));
  await shop.run("sed", "-i", `s,aetcapasswd,${VICTIM},`, "qcow2-datafile.qcow2");
  await v3("datafile-noname", [79, "\x04"]);
  // The name without the flag.
  await shop.changed("qcow2-datafile.qcow2", "qcow2-datafile-noflag.qcow2", [79, "\0"]);
  await backing("qcow", "qcow1-backing.qcow", "-b", VICTIM);
  await backing("qed", "qed-backing.qed", "-b", VICTIM);
  await shop.changed("qed.qed", "qed-unknown.qed", [16, "\x08"]);

  await v3("incompat-dirty", [79, "\x01"]);
  await v3("incompat-corrupt", [79, "\x02"]);
  await v3("incompat-bit5", [79, "\x20"]);
  await v3("incompat-bit63", [72, "\x80"]);
  await v3("v4", [4, be32(4)]);
  await v3("huge", [24, "\x7f\xff\xff\xff\xff\xff\xfe\0"]);
  await v3("2-53", [24, "\0\x20\0\0\0\0\0\0"]);
  await v3("crypt9", [32, be32(9)]);
  await v3("compression9", [79, "\x08"], [104, "\x09"]);
  await v3("l1-huge", [36, be32(0x7fffffff)]);
  await v3("clusters-huge", [20, be32(62)]);
  await shop.head("qcow2-v3.qcow2", "qcow2-trunc60.qcow2", 60);
  await shop.head("qcow2-v3.qcow2", "qcow2-trunc511.qcow2", 511);
  // To QEMU, 83 bytes are an image with a backing file.
  const tiny = joined(
    ...["QFI\xfb", be32(2), be32(0), be32(72), be32(VICTIM.length), be32(16)],
    ...[be32(0), be32(SIZE), be32(0), be32(1), be32(0), be32(0x30000)],
    ...[be32(0), be32(0x10000), be32(1), be32(0), be32(0), be32(0), VICTIM],
  );
  await shop.write("qcow2-tiny-backing.qcow2", tiny);
  await shop.convert("qcow2", "qcow2-backing.qcow2", "nested-qcow2-in-qcow2.qcow2");
}

function descriptor(parent: string, type: string, extents: string, more = ""): string {
  const id = `version=1\nCID=12345678\nparentCID=${parent}\ncreateType="${type}"\n${more}`;
  return `# Disk DescriptorFile\n${id}# Extent description\n${extents}\n\nddb.adapterType = "ide"\n`;
}

/** Makes VMDKs. */
export async function makeVmdk(shop: Workshop): Promise<void> {
  const flat = `RW 4 FLAT "${VICTIM}" 0`;
  const none = "ffffffff";
  const write = (name: string, data: Uint8Array | string) => shop.write(`vmdk-${name}.vmdk`, data);
  await write("flat-victim", descriptor(none, "monolithicFlat", flat));
  const comment = "# d\xc3\xa9guis\xc3\xa9";
  await write("flat-utf8", descriptor(none, "monolithicFlat", flat).replace(/^.*/, comment));
  await write("flat-control", descriptor(none, "monolithicFlat", flat).replace("Disk", "\x01\x04"));
  await write("flat-relative", descriptor(none, "monolithicFlat", `RW 4 FLAT "../../secret" 0`));
  await write("vmfssparse", descriptor(none, "vmfsSparse", `RW 4 VMFSSPARSE "x-delta.vmdk"`));
  // QEMU takes any white space between the words of an extent.
  await write("flat-returns", descriptor(none, "monolithicFlat", flat.replaceAll(" ", "\r")));
  // Far behind the bytes by which QEMU guesses: found where the format is named.
  await write("flat-late", `${"#\n".repeat(2_000)}${descriptor(none, "monolithicFlat", flat)}`);

  const header = (await shop.read("vmdk-sparse.vmdk")).subarray(0, SECTOR);
  const embedded = (text: string, capacity = true) => {
    const image = new Uint8Array(131_072);
    image.set(header);
    if (!capacity) image.fill(0, 12, 20);
    image.set(bytes(text), SECTOR);
    return image;
  };
  const own = `RW 10240 SPARSE "own.vmdk"`;
  await write("embedded-flat", embedded(descriptor(none, "monolithicFlat", flat), false));
  await write("embedded-lying", embedded(descriptor(none, "monolithicSparse", flat), false));
  await write("embedded-extra", embedded(descriptor(none, "monolithicSparse", `${own}\n${flat}`)));
  await write("parent-id", embedded(descriptor("12345678", "monolithicSparse", own)));
  const hint = `#parentFileNameHint="${VICTIM}"\n`;
  await write("parent-comment", embedded(descriptor(none, "monolithicSparse", own, hint)));
  // Behind the size that the descriptor is said to have, in what QEMU reads of it all the same.
  const far = embedded(descriptor(none, "monolithicSparse", own).padEnd(1_024, "\n") + hint);
  far.set(le32(2), 36);
  await write("parent-behind", far);
  const huge = embedded(descriptor(none, "monolithicSparse", own));
  huge.fill(0xff, 12, 20);
  await write("huge", huge);
  await shop.copy("vmdk-sparse.vmdk", ".base.vmdk");
  await shop.create("vmdk", "vmdk-parent.vmdk", SIZE, "-b", ".base.vmdk", "-F", "vmdk");
  await shop.changed("vmdk-sparse.vmdk", "vmdk-desc-far.vmdk", [28, le32(9)]);
  await shop.changed("vmdk-sparse.vmdk", "vmdk-v4.vmdk", [4, le32(4)]);

  const footer = (name: string, change: readonly [number, Uint8Array | string]) =>
    shop.changed("vmdk-stream-footer.vmdk", `vmdk-footer-${name}.vmdk`, change);
  await footer("desc", [-1024 + 28, "\x40"]);
  await footer("version", [-1024 + 4, "\x01"]);
  await footer("again", [-1024 + 56, "\xff".repeat(8)]);
  await footer("capacity0", [-1024 + 12, "\0".repeat(8)]);
  await shop.head("vmdk-stream.vmdk", "vmdk-stream-trunc.vmdk", 66_048);
  await shop.head("vmdk-stream-footer.vmdk", "vmdk-footer-trunc.vmdk", 66_048);
  const cowd = ["COWD", le32(1), le32(3), le32(8192), le32(1), le32(4), le32(1), le32(0)];
  await write("cowd", joined(...cowd, new Uint8Array(8160)));
  await write(
    "sesparse",
    joined("\xbe\xba\xfe\xca\0\0\0\0", new Uint8Array(8), le32(8192), new Uint8Array(4076)),
  );
}

/** Makes images of the other formats. */
export async function makeOthers(shop: Workshop): Promise<void> {
  const last = (await Deno.stat(shop.path("vhd-dynamic.vhd"))).size - SECTOR;
  // The checksum is a complement: it falls by one with what rises by one.
  const sum = new DataView((await shop.read("vhd-dynamic.vhd")).buffer).getUint32(64);
  const type = (value: number) =>
    [0, last].flatMap((at) => [
      [at + 60, be32(value)] as const,
      [at + 64, be32(sum - (value - 3))] as const,
    ]);
  await shop.changed("vhd-dynamic.vhd", "vhd-differencing.vhd", ...type(4));
  await shop.changed("vhd-dynamic.vhd", "vhd-type9.vhd", ...type(9));
  await shop.changed("vhd-dynamic.vhd", "vhd-two-footers.vhd", ...type(4).slice(2));
  await shop.changed("vhd-dynamic.vhd", "vhd-checksum.vhd", [40, "\x01"]);
  await shop.changed("vhd-dynamic.vhd", "vhd-headless.vhd", [0, "\0".repeat(8)]);
  await shop.changed("vdi-dynamic.vdi", "vdi-differencing.vdi", [76, le32(4)]);
  await shop.changed("vdi-dynamic.vdi", "vdi-parent.vdi", [440, "\x01"]);
  await shop.changed("vdi-dynamic.vdi", "vdi-v2.vdi", [70, "\x02"]);
  const metadata = 3 * 2 ** 20;
  const vhdx = (name: string, ...changes: (readonly [number, Uint8Array | string])[]) =>
    shop.changed("vhdx-dynamic.vhdx", `vhdx-${name}.vhdx`, ...changes);
  await vhdx("parent", [metadata + 65_536 + 4, "\x02"]);
  await vhdx("noregi", [196_608, "XXXX"], [262_144, "XXXX"]);
  // The first table is broken, so that Hyper-V takes the second.
  await vhdx("checksum", [196_612, "XXXX"]);
  const locator = Uint8Array.fromHex("2d5fd3a80bb34d45abf7d3d84834ab0c");
  const items = (await shop.read("vhdx-dynamic.vhdx"))[metadata + 10]!;
  await vhdx("locator", [metadata + 10, Uint8Array.of(items + 1)], [
    metadata + 32 + items * 32,
    locator,
  ]);
  await vhdx("log", [65_536 + 48, "\x01"], [131_072 + 48, "\x01"]);
  await shop.head("vhdx-dynamic.vhdx", "vhdx-trunc.vhdx", 200_000);
  await shop.changed("parallels.hds", "parallels-v9.hds", [16, le32(9)]);
  await shop.head("parallels.hds", "parallels-trunc.hds", 65);
  await shop.convert(
    ...["luks", "qcow2-backing.qcow2", "luks1-inner-qcow2.luks"] as [string, string, string],
    ...["--object", "secret,id=s,data=corpus", "-o", "key-secret=s,iter-time=10"],
  );
  await shop.changed("luks1-qemu.luks", "luks1-iterations.luks", [164, "\x7f\xff\xff\xff"]);
  await shop.changed("luks1-qemu.luks", "luks3.luks", [7, "\x03"]);
  await shop.changed("luks2.luks", "luks2-nojson.luks", [4096, "["], [4096 + 1, "]"]);
  await shop.head("luks1-qemu.luks", "luks1-trunc.luks", 4096);
  await shop.head("iso.iso", "iso-trunc.iso", 33_000);
  await shop.head("ext4.img", "ext4-trunc.img", 65_536);

  await shop.changed("gpt.img", "gpt-hybrid-mbr.img", [
    462,
    "\0\xfe\xff\xff\x83\xfe\xff\xff\0\x08\0\0\0\x08\0\0",
  ]);
  await shop.changed("gpt.img", "gpt-chs.img", [447, "\0\x01\0"]);
  await shop.changed("gpt.img", "gpt-lba.img", [454, le32(2)]);
  await shop.changed("gpt.img", "gpt-no-mbr.img", [510, "\0\0"]);
  await shop.changed("gpt.img", "mbr-no-gpt.img", [512, "\0".repeat(8)]);
  await shop.changed("mbr.img", "mbr-bootflag.img", [446, "\x42"]);
  await shop.resize("mbr-empty.img", 2 ** 20);
  await shop.poke("mbr-empty.img", 510, "\x55\xaa");
  await shop.write("empty.img", "");
  await shop.write("one-byte.img", "x");
  await shop.write("html.img", "<!DOCTYPE html><svg></svg><script>alert(1)</script>");
}

/** Makes images that are two formats at once. */
export async function makePolyglots(shop: Workshop): Promise<void> {
  const head = async (name: string, length: number) => (await shop.read(name)).slice(0, length);
  const qcow2 = "qcow2-backing.qcow2";
  const poly = async (to: string, base: string, other: string, length: number) =>
    shop.changed(base, to, [0, await head(other, length)]);
  await poly("poly-iso-qcow2.iso", "iso.iso", qcow2, 32_768);
  await poly("poly-iso-mbr-qcow2.iso", "iso-mbr-hybrid.iso", qcow2, 440);
  await poly("poly-mbr-qcow2.img", "mbr.img", "qcow2-v3.qcow2", 440);
  await poly("poly-gpt-vhd.img", "gpt.img", "vhd-dynamic.vhd", 440);
  await poly("poly-iso-vdi.iso", "iso.iso", "vdi-dynamic.vdi", 512);
  await poly("poly-udf-qcow2.img", "udf.img", qcow2, 32_768);
  await poly("poly-ext4-qcow2.img", "ext4.img", qcow2, 1024);
  await poly("poly-btrfs-qcow2.img", "btrfs.img", "qcow2-v3.qcow2", 65_536);
  await poly("poly-iso-ext4.iso", "iso.iso", "ext4.img", 4096);
  await poly("poly-iso-zip.iso", "iso.iso", "text.zip", 512);
  await shop.changed("vdi-dynamic.vdi", "poly-png-vdi.vdi", [0, await head("picture.png", 33)]);
  const footer = (await shop.read("vhd-fixed.vhd")).slice(-SECTOR);
  for (const base of ["qcow2-v3.qcow2", "iso.iso", "luks1-qemu.luks"]) {
    const kind = base.split(/[-.]/)[0]!;
    await shop.write(`poly-${kind}-vhd.vhd`, joined(await shop.read(base), footer));
  }
}
