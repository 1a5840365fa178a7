/**
 * The format of Parallels (QEMU, docs/interop/parallels.txt).
 *
 * @module
 */
import { END, type Examination, type ExaminedImage, type Format } from "./format.ts";

/** The format. */
export const parallels: Format = {
  name: "parallels",
  kind: "container",
  examine: (image) =>
    image.head.has(0, "WithoutFreeSpace") || image.head.has(0, "WithouFreSpacExt")
      ? examineHeader(image)
      : undefined,
};

function* examineHeader(image: ExaminedImage): Examination {
  const { head } = image;
  const isExtended = head.has(0, "WithouFreSpacExt");
  const version = head.u32le(16);
  if (version !== 2) image.unsafe("unknown-version", `version ${version} of Parallels is unknown`);
  const sectors = isExtended ? head.u64le(36) : BigInt(head.u32le(36));
  const virtualSize = image.declaredSize(sectors * 512n);
  if (head.u32le(28) === 0) image.unsafe("malformed", "the blocks have no size");
  yield END;
  if (head.length < 64 || 64 + head.u32le(32) * 4 > image.size) {
    image.unsafe("truncated", `the image ends after ${image.size} bytes, in its block map`);
  }
  return {
    subformat: isExtended ? "extended" : "plain",
    virtualSize,
    clusterSize: head.u32le(28) * 512,
  };
}
