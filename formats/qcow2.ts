/**
 * qcow2, versions 2 and 3 (QEMU, docs/interop/qcow2.txt).
 *
 * @module
 */
import { END, type Examination, type ExaminedImage, type Format, quoted } from "./format.ts";

/** The incompatible features, by bit: dirty, corrupt, external data file, compression type, extended L2. */
const DIRTY = 1n, CORRUPT = 2n, DATA_FILE = 4n, COMPRESSION = 8n, KNOWN = 31n;
const NO_DATA_FILE = "CVE-2024-32498";

/** The format. */
export const qcow2: Format = {
  name: "qcow2",
  kind: "container",
  examine: (image) => {
    const { head } = image;
    return head.has(0, "QFI\xfb") && head.u32be(4) !== 1 ? examineHeader(image) : undefined;
  },
};

function* examineHeader(image: ExaminedImage): Examination {
  const { head } = image;
  const version = head.u32be(4);
  const clusterBits = head.u32be(20);
  const encryption = head.u32be(32);
  if (version !== 2 && version !== 3) {
    image.unsafe("unknown-version", `version ${version} of qcow2 is unknown`);
  }
  if (clusterBits < 9 || clusterBits > 21) {
    image.unsafe("malformed", `the clusters have 2^${clusterBits} bytes, not 2^9 to 2^21`);
  }
  if (encryption > 2) {
    image.unsafe("unknown-feature", `the encryption method ${encryption} is unknown`);
  }
  if (head.u32be(36) > 2 ** 22 || head.u32be(56) * 2 ** Math.min(clusterBits, 21) > 2 ** 23) {
    image.unsafe("malformed", "the tables are larger than QEMU allows", "CVE-2014-0145");
  }
  const virtualSize = image.declaredSize(head.u64be(24));
  if (version >= 3) checkFeatures(image);
  let dataFile: string | undefined;
  for (const { type, at, length } of extensions(image, version, 2 ** clusterBits)) {
    if (type === 0x44415441) dataFile = head.name(at, length);
  }
  const hasDataFile = version >= 3 && (head.u64be(72) & DATA_FILE) !== 0n;
  if (hasDataFile || dataFile !== undefined) {
    image.unsafe("data-file", `the data is in the file ${quoted(dataFile ?? "")}`, NO_DATA_FILE);
  }
  let backingFile: string | undefined;
  const nameOffset = head.u64be(8);
  if (nameOffset !== 0n) {
    const length = Math.min(head.u32be(16), 1023);
    const bytes = nameOffset < 2n ** 21n ? yield { offset: Number(nameOffset), length } : undefined;
    backingFile = bytes?.name(0, length) ?? "";
    image.unsafe("backing-file", `the backing file is ${quoted(backingFile)}`, "CVE-2015-5163");
  }
  yield END;
  const headerEnd = version === 2 ? 72 : 104;
  if (head.length < headerEnd || head.u64be(40) > BigInt(image.size)) {
    image.unsafe("truncated", `the image ends after ${image.size} bytes, before its first table`);
  }
  return {
    subformat: `v${version}`,
    virtualSize,
    ...clusterBits <= 21 && { clusterSize: 2 ** clusterBits },
    ...encryption && { encrypted: true },
    ...backingFile !== undefined && { backingFile },
    ...(hasDataFile || dataFile !== undefined) && { dataFile: dataFile ?? "" },
  };
}

function checkFeatures(image: ExaminedImage): void {
  const { head } = image;
  const features = head.u64be(72);
  if (features & ~KNOWN) {
    const unknown = (features & ~KNOWN).toString(16);
    image.unsafe("unknown-feature", `the incompatible features 0x${unknown} are unknown`);
  }
  if (features & CORRUPT) image.unsafe("corrupt", "the image is marked as corrupt");
  if (features & DIRTY) image.note("dirty", "the image was not closed: its refcounts may be stale");
  if (features & COMPRESSION && head.u8(104) > 1) {
    image.unsafe("unknown-feature", `the compression type ${head.u8(104)} is unknown`);
  }
}

interface Extension {
  type: number;
  at: number;
  length: number;
}

/** The header extensions; each moves on by at least 8 bytes. */
function* extensions(
  image: ExaminedImage,
  version: number,
  clusterSize: number,
): Generator<Extension> {
  const { head } = image;
  const headerLength = head.u32be(100);
  if (version >= 3 && (headerLength < 104 || headerLength > clusterSize)) {
    if (head.length >= 104) {
      image.unsafe("malformed", `the header is said to have ${headerLength} bytes`);
    }
    return;
  }
  let at = version >= 3 ? headerLength : 72;
  while (at + 8 <= Math.min(head.length, clusterSize)) {
    const type = head.u32be(at);
    const length = head.u32be(at + 4);
    if (type === 0) return;
    yield { type, at: at + 8, length };
    at += 8 + Math.ceil(length / 8) * 8;
  }
  if (at < clusterSize && head.length >= clusterSize) return;
  if (at > clusterSize || at > head.length && head.length > 104) {
    image.unsafe("malformed", "the header extensions run out of the first cluster");
  }
}
