/**
 * qcow, the first version of QEMU's format (QEMU, block/qcow.c).
 *
 * @module
 */
import { END, type Examination, type ExaminedImage, type Format, quoted } from "./format.ts";

/** The format. */
export const qcow: Format = {
  name: "qcow",
  kind: "container",
  examine: (image) => {
    const { head } = image;
    return head.has(0, "QFI\xfb") && head.u32be(4) === 1 ? examineHeader(image) : undefined;
  },
};

function* examineHeader(image: ExaminedImage): Examination {
  const { head } = image;
  const nameOffset = head.u64be(8);
  const encryption = head.u32be(36);
  let backingFile: string | undefined;
  if (nameOffset !== 0n) {
    const length = Math.min(head.u32be(16), 1023);
    const bytes = nameOffset < 2n ** 21n ? yield { offset: Number(nameOffset), length } : undefined;
    backingFile = bytes?.name(0, length) ?? "";
    image.unsafe("backing-file", `the backing file is ${quoted(backingFile)}`, "CVE-2015-5163");
  }
  if (encryption > 1) {
    image.unsafe("unknown-feature", `the encryption method ${encryption} is unknown`);
  }
  const clusterBits = head.u8(32);
  if (clusterBits < 9 || clusterBits > 16) {
    image.unsafe("malformed", `the clusters have 2^${clusterBits} bytes, not 2^9 to 2^16`);
  }
  const virtualSize = image.declaredSize(head.u64be(24));
  yield END;
  if (head.length < 48 || head.u64be(40) > BigInt(image.size)) {
    image.unsafe("truncated", `the image ends after ${image.size} bytes, before its first table`);
  }
  return {
    virtualSize,
    clusterSize: 2 ** clusterBits,
    ...encryption && { encrypted: true },
    ...backingFile !== undefined && { backingFile },
  };
}
