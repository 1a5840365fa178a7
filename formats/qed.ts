/**
 * QED, QEMU Enhanced Disk (QEMU, docs/interop/qed_spec.rst).
 *
 * @module
 */
import { END, type Examination, type ExaminedImage, type Format, quoted } from "./format.ts";

/** The features, by bit: backing file, needs a check, the backing file is raw. */
const BACKING_FILE = 1n, NEEDS_CHECK = 2n, KNOWN = 7n;

/** The format. */
export const qed: Format = {
  name: "qed",
  kind: "container",
  examine: (image) => image.head.has(0, "QED\0") ? examineHeader(image) : undefined,
};

function* examineHeader(image: ExaminedImage): Examination {
  const { head } = image;
  const clusterSize = head.u32le(4);
  const features = head.u64le(16);
  if (clusterSize < 2 ** 12 || clusterSize > 2 ** 26 || (clusterSize & clusterSize - 1) !== 0) {
    image.unsafe(
      "malformed",
      `the clusters have ${clusterSize} bytes, no power of 2 that is allowed`,
    );
  }
  if (features & ~KNOWN) {
    const unknown = (features & ~KNOWN).toString(16);
    image.unsafe("unknown-feature", `the features 0x${unknown} are unknown`);
  }
  if (features & NEEDS_CHECK) image.note("dirty", "the image was not closed: it needs a check");
  let backingFile: string | undefined;
  if (features & BACKING_FILE) {
    const length = Math.min(head.u32le(60), 1023);
    backingFile = (yield { offset: head.u32le(56), length }).name(0, length);
    image.unsafe("backing-file", `the backing file is ${quoted(backingFile)}`, "CVE-2015-5163");
  }
  const virtualSize = image.declaredSize(head.u64le(48));
  yield END;
  if (head.length < 64 || head.u64le(40) > BigInt(image.size)) {
    image.unsafe("truncated", `the image ends after ${image.size} bytes, before its first table`);
  }
  return { virtualSize, clusterSize, ...backingFile !== undefined && { backingFile } };
}
