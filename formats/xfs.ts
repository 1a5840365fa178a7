/**
 * XFS (XFS Filesystem Structure, the superblock).
 *
 * @module
 */
import { END, type Examination, type ExaminedImage, type Format } from "./format.ts";

/** The format. */
export const xfs: Format = {
  name: "xfs",
  kind: "filesystem",
  examine: (image) => image.head.has(0, "XFSB") ? examineSuperblock(image) : undefined,
};

function* examineSuperblock(image: ExaminedImage): Examination {
  const { head } = image;
  const blockSize = head.u32be(4);
  yield END;
  return {
    subformat: "xfs",
    clusterSize: blockSize,
    ...image.declaredContent(head.u64be(8) * BigInt(blockSize)),
  };
}
