/**
 * Btrfs (Btrfs, on-disk format, the superblock).
 *
 * @module
 */
import { END, type Examination, type ExaminedImage, type Format } from "./format.ts";

const SUPERBLOCK = 65_536;

/** The format. */
export const btrfs: Format = {
  name: "btrfs",
  kind: "filesystem",
  examine: (image) =>
    image.head.has(SUPERBLOCK + 64, "_BHRfS_M") ? examineSuperblock(image) : undefined,
};

function* examineSuperblock(image: ExaminedImage): Examination {
  const { head } = image;
  yield END;
  return {
    subformat: "btrfs",
    clusterSize: head.u32le(SUPERBLOCK + 144),
    // Over several devices, the size is that of all of them; this device's follows at 201.
    ...image.declaredContent(head.u64le(SUPERBLOCK + 201 + 8)),
  };
}
