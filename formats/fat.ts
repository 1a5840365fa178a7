/**
 * FAT12, FAT16 and FAT32 (Microsoft, FAT: General Overview of On-Disk Format), and the boot sectors of
 * exFAT and NTFS, which are laid out alike.
 *
 * @module
 */
import type { ByteView } from "./byte_view.ts";
import { END, type Examination, type ExaminedImage, type Format } from "./format.ts";

/** The format. */
export const fat: Format = {
  name: "fat",
  kind: "filesystem",
  examine: (image) => isFatBootSector(image.head) ? examineBootSector(image) : undefined,
};

/**
 * Returns whether the first sector is the boot sector of a FAT, exFAT or NTFS file system.
 *
 * @param head The first bytes of the image.
 * @returns Whether it is one.
 */
export function isFatBootSector(head: ByteView): boolean {
  if (head.u8(0) !== 0xeb && head.u8(0) !== 0xe9) return false;
  if (head.has(3, "EXFAT   ") || head.has(3, "NTFS    ")) return true;
  const sector = head.u16le(11);
  const cluster = head.u8(13);
  const media = head.u8(21);
  return [512, 1024, 2048, 4096].includes(sector) &&
    cluster > 0 && (cluster & cluster - 1) === 0 &&
    head.u16le(14) > 0 && // reserved sectors
    (head.u8(16) === 1 || head.u8(16) === 2) && // tables
    (media === 0xf0 || media >= 0xf8);
}

function* examineBootSector(image: ExaminedImage): Examination {
  const { head } = image;
  yield END;
  if (head.has(3, "EXFAT   ")) {
    return {
      subformat: "exfat",
      ...image.declaredContent(head.u64le(72) << BigInt(head.u8(108) & 15)),
    };
  }
  const sector = head.u16le(11);
  const clusterSize = sector * head.u8(13);
  if (head.has(3, "NTFS    ")) {
    const size = (head.u64le(40) + 1n) * BigInt(sector);
    return { subformat: "ntfs", clusterSize, ...image.declaredContent(size) };
  }
  const sectors = head.u16le(19) || head.u32le(32);
  const tableSectors = head.u16le(22) || head.u32le(36);
  const rootSectors = Math.ceil(head.u16le(17) * 32 / sector);
  const reserved = head.u16le(14) + head.u8(16) * tableSectors + rootSectors;
  const clusters = Math.floor((sectors - reserved) / head.u8(13));
  return {
    subformat: head.u16le(22) === 0 ? "fat32" : clusters < 4085 ? "fat12" : "fat16",
    clusterSize,
    ...image.declaredContent(BigInt(sectors) * BigInt(sector)),
  };
}
