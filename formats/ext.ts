/**
 * ext2, ext3 and ext4 (Linux, Documentation/filesystems/ext4).
 *
 * @module
 */
import { END, type Examination, type ExaminedImage, type Format } from "./format.ts";

const SUPERBLOCK = 1_024;
/** Features that tell ext4 from ext3: extents and what came later; and ext3 from ext2: the journal. */
const EXTENTS = 0x40, LARGE_BLOCKS = 0x80, JOURNAL = 4;

/** The format. */
export const ext: Format = {
  name: "ext",
  kind: "filesystem",
  examine: (image) => {
    const { head } = image;
    const isSuperblock = head.has(SUPERBLOCK + 56, "\x53\xef") && // the magic
      head.u32le(SUPERBLOCK + 24) <= 6 && // blocks of 1 to 64 KiB
      head.u32le(SUPERBLOCK + 76) <= 1 && // the revision
      head.u32le(SUPERBLOCK + 20) <= 1 && // the first data block
      head.u32le(SUPERBLOCK + 40) > 0; // inodes in each group
    return isSuperblock ? examineSuperblock(image) : undefined;
  },
};

function* examineSuperblock(image: ExaminedImage): Examination {
  const { head } = image;
  const incompatible = head.u32le(SUPERBLOCK + 96);
  const blockSize = 1024 << head.u32le(SUPERBLOCK + 24);
  const high = incompatible & LARGE_BLOCKS ? head.u32le(SUPERBLOCK + 336) : 0;
  const blocks = BigInt(head.u32le(SUPERBLOCK + 4)) | BigInt(high) << 32n;
  const version = incompatible & (EXTENTS | LARGE_BLOCKS)
    ? 4
    : head.u32le(SUPERBLOCK + 92) & JOURNAL
    ? 3
    : 2;
  yield END;
  return {
    subformat: `ext${version}`,
    clusterSize: blockSize,
    ...image.declaredContent(blocks * BigInt(blockSize)),
  };
}
