/**
 * MBR, the partition table of the PC (UEFI Specification, section 5.2).
 *
 * @module
 */
import type { ByteView } from "./byte_view.ts";
import { isFatBootSector } from "./fat.ts";
import type { ExaminedImage, Format } from "./format.ts";

const PROTECTIVE = 0xee;

/** The format. */
export const mbr: Format = {
  name: "mbr",
  kind: "table",
  examine: (image) => {
    const { head } = image;
    if (!hasBootSignature(head)) return undefined;
    if (head.has(512, "EFI PART") || head.has(4096, "EFI PART")) return undefined;
    const entries = entriesOf(head);
    const isTable = entries.length > 0 && entries.every(({ flag }) => flag === 0 || flag === 0x80);
    if (!isTable && isFatBootSector(head)) return undefined;
    checkTable(image, entries);
    if (entries.some(({ type }) => type === PROTECTIVE)) {
      image.suspicious("gpt-missing", "the protective MBR has no GPT behind it");
    }
    return isTable ? {} : { kind: "boot" };
  },
};

/** An entry of the partition table that is used. */
export interface MbrEntry {
  /** Where in the table it is, from 0. */
  slot: number;
  /** 0x80 if it is booted from, else 0. */
  flag: number;
  /** Its type. */
  type: number;
  /** The address of its first sector as head, sector and cylinder, one number. */
  chs: number;
  /** The address of its first sector. */
  lba: number;
}

/**
 * Returns whether the first sector has the signature of a boot sector.
 *
 * @param head The first bytes of the image.
 * @returns Whether 55 AA is there.
 */
export function hasBootSignature(head: ByteView): boolean {
  return head.has(510, "\x55\xaa");
}

/**
 * Returns the entries of the partition table that are used.
 *
 * @param head The first bytes of the image.
 * @returns At most four entries.
 */
export function entriesOf(head: ByteView): MbrEntry[] {
  return [0, 1, 2, 3].map((slot): MbrEntry => {
    const at = 446 + slot * 16;
    return {
      slot,
      flag: head.u8(at),
      type: head.u8(at + 4),
      chs: head.u8(at + 1) << 16 | head.u16be(at + 2),
      lba: head.u32le(at + 8),
    };
  }).filter(({ type }) => type !== 0);
}

/**
 * Reports a table of which different programs make different things. The rules for a protective MBR
 * are those of UEFI, section 5.2.3.
 *
 * @param image The image, to which the findings are reported.
 * @param entries The entries that are used.
 */
export function checkTable(image: ExaminedImage, entries: readonly MbrEntry[]): void {
  if (entries.length === 0) image.suspicious("mbr-empty", "the boot sector has no partition");
  if (entries.some(({ flag }) => flag !== 0 && flag !== 0x80)) {
    image.suspicious("mbr-boot-flag", "a boot flag of the MBR is neither 0 nor 0x80");
  }
  const guard = entries.find(({ type }) => type === PROTECTIVE);
  if (!guard) return;
  if (entries.length > 1 || guard.slot !== 0) {
    image.suspicious("mbr-hybrid", "the protective MBR has other partitions too");
  }
  if (guard.chs !== 0x000200) {
    image.suspicious(
      "mbr-chs",
      "the protective partition does not begin at cylinder 0, head 0, sector 2",
    );
  }
  if (guard.lba !== 1) {
    image.suspicious("mbr-lba", `the protective partition begins in sector ${guard.lba}, not 1`);
  }
}
