/**
 * VDI, the format of VirtualBox (QEMU, block/vdi.c).
 *
 * @module
 */
import { END, type Examination, type ExaminedImage, type Format } from "./format.ts";

const TYPES: Readonly<Record<number, string>> = {
  1: "dynamic",
  2: "static",
  3: "undo",
  4: "differencing",
};

/** The format. */
export const vdi: Format = {
  name: "vdi",
  kind: "container",
  examine: (image) => image.head.has(64, "\x7f\x10\xda\xbe") ? examineHeader(image) : undefined,
};

function* examineHeader(image: ExaminedImage): Examination {
  const { head } = image;
  const type = head.u32le(76);
  const major = head.u16le(70);
  if (major !== 1) {
    image.unsafe("unknown-version", `version ${major}.${head.u16le(68)} of VDI is unknown`);
  }
  if (type === 3 || type === 4 || !head.isZero(424, 32)) {
    image.unsafe("parent", "the image holds only the differences to a parent image");
  } else if (!TYPES[type]) {
    image.unsafe("malformed", `the image type ${type} is unknown`);
  }
  const virtualSize = image.declaredSize(head.u64le(368));
  yield END;
  if (head.length < 512 || head.u32le(340) > image.size) {
    image.unsafe("truncated", `the image ends after ${image.size} bytes, before its block map`);
  }
  return { subformat: TYPES[type] ?? "unknown", virtualSize, clusterSize: head.u32le(376) };
}
