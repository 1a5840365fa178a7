/**
 * SquashFS 4 (Linux, fs/squashfs/squashfs_fs.h, the superblock).
 *
 * @module
 */
import { END, type Examination, type ExaminedImage, type Format } from "./format.ts";

/** The format. */
export const squashfs: Format = {
  name: "squashfs",
  kind: "filesystem",
  examine: (image) => image.head.has(0, "hsqs") ? examineSuperblock(image) : undefined,
};

function* examineSuperblock(image: ExaminedImage): Examination {
  const { head } = image;
  yield END;
  return {
    subformat: "squashfs",
    clusterSize: head.u32le(12),
    ...image.declaredContent(head.u64le(40)),
  };
}
