/**
 * ISO 9660, the file system of optical discs (ECMA-119), with what may stand beside it.
 *
 * @module
 */
import { END, type Examination, type ExaminedImage, type Format } from "./format.ts";
import { hasUdf } from "./udf.ts";

/** The volume descriptors begin in sector 16. */
const DESCRIPTORS = 32_768;

/** The format. */
export const iso: Format = {
  name: "iso",
  kind: "disc",
  examine: (image) =>
    image.head.has(DESCRIPTORS + 1, "CD001") ? examineDescriptor(image) : undefined,
};

function* examineDescriptor(image: ExaminedImage): Examination {
  const { head } = image;
  yield END;
  if (head.u8(DESCRIPTORS) !== 1) {
    return { ...hasUdf(head) && { subformat: "udf" } };
  }
  const size = BigInt(head.u32le(DESCRIPTORS + 80)) * BigInt(head.u16le(DESCRIPTORS + 128));
  return { ...hasUdf(head) && { subformat: "udf" }, ...image.declaredContent(size) };
}
