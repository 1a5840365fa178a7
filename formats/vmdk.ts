/**
 * VMDK, the format of VMware: sparse images, descriptor files, and ESX's own extents (VMware, Virtual
 * Disk Format; QEMU, block/vmdk.c).
 *
 * @module
 */
import type { ByteView } from "./byte_view.ts";
import {
  END,
  type Examination,
  type ExaminedImage,
  type Format,
  quoted,
  REGION_SIZE,
} from "./format.ts";
import { isDescriptor, type VmdkDescriptor, vmdkDescriptor } from "./vmdk_descriptor.ts";

const SECTOR = 512;
/** QEMU reads the name of a parent from so many bytes, whatever size the descriptor is said to have. */
const DESCRIPTOR_SIZE = 10_240;
const FOOTER_SIZE = 1_536;
const IN_FOOTER = 2n ** 64n - 1n;
const FLAT_EXTENT = "CVE-2022-47951";

/** The format. */
export const vmdk: Format = {
  name: "vmdk",
  kind: "container",
  examine: (image) => {
    const { head } = image;
    if (head.has(0, "KDMV")) return examineSparse(image);
    if (head.has(0, "COWD")) return examineExtent(image, "vmfsSparse");
    if (head.has(0, "\xbe\xba\xfe\xca\0\0\0\0")) return examineExtent(image, "seSparse");
    return isDescriptor(head) ? examineDescriptorFile(image) : undefined;
  },
};

/** An extent of ESX's, which is used through a descriptor file and only has the changes to a parent. */
function* examineExtent(image: ExaminedImage, subformat: string): Examination {
  const { head } = image;
  image.unsafe("parent", `an extent of type ${subformat} has only the differences to a parent`);
  const sectors = subformat === "seSparse" ? head.u64le(16) : BigInt(head.u32le(12));
  const virtualSize = image.declaredSize(sectors * BigInt(SECTOR));
  yield END;
  return { subformat, virtualSize };
}

/** A descriptor file: all the data is in other files. */
function* examineDescriptorFile(image: ExaminedImage): Examination {
  const descriptor = vmdkDescriptor(image.head.text(0, image.head.length));
  const names = descriptor.extents.map(({ name }) => quoted(name)).slice(0, 3).join(", ");
  image.unsafe("extent", `the data is in other files: ${names || "none is named"}`, FLAT_EXTENT);
  checkParent(image, descriptor);
  const virtualSize = image.declaredSize(descriptor.sectors * BigInt(SECTOR));
  yield END;
  return {
    subformat: descriptor.createTypes[0] ?? "unknown",
    virtualSize,
    ...descriptor.parent !== undefined && { backingFile: descriptor.parent },
    ...descriptor.extents[0] && { dataFile: descriptor.extents[0].name },
  };
}

/** A sparse image, with its descriptor inside. */
function* examineSparse(image: ExaminedImage): Examination {
  const { head } = image;
  const version = head.u32le(4);
  const capacity = head.u64le(12);
  const offset = head.u64le(28) * BigInt(SECTOR);
  const length = head.u64le(36) * BigInt(SECTOR);
  if (version < 1 || version > 3) {
    image.unsafe("unknown-version", `version ${version} of VMDK is unknown`);
  }
  let sectors = capacity;
  let descriptor: VmdkDescriptor | undefined;
  if (length > BigInt(REGION_SIZE) || offset > 2n ** 40n) {
    image.unsafe("malformed", `a descriptor of ${length} bytes at ${offset} is not looked at`);
  } else {
    const size = Math.max(Number(length), DESCRIPTOR_SIZE);
    const bytes = yield { offset: Number(offset), length: size };
    descriptor = vmdkDescriptor(bytes.text(0, Number(length)), bytes.text(0, size));
    checkEmbedded(image, descriptor);
    if (capacity === 0n) sectors = descriptor.sectors;
  }
  if (capacity === 0n) {
    image.unsafe("extent", "the header has no size: the descriptor alone counts", FLAT_EXTENT);
  }
  const virtualSize = image.declaredSize(sectors * BigInt(SECTOR));
  yield END;
  if (head.length < SECTOR) {
    image.unsafe("truncated", `the image ends after ${image.size} bytes, in its header`);
  }
  if (head.u64le(56) === IN_FOOTER) checkFooter(image);
  return {
    subformat: descriptor?.createTypes[0] ?? "unknown",
    virtualSize,
    clusterSize: Number(head.u64le(20) & 0xffffffffn) * SECTOR,
    ...descriptor?.parent !== undefined && { backingFile: descriptor.parent },
  };
}

/** A sparse image may name itself as its only extent, and nothing else. */
function checkEmbedded(image: ExaminedImage, descriptor: VmdkDescriptor): void {
  const { createTypes, extents } = descriptor;
  checkParent(image, descriptor);
  if (createTypes.length === 0) {
    image.unsafe(
      "malformed",
      "there is no descriptor where the header says: it may be a part of an image",
    );
  }
  for (const type of createTypes) {
    if (!/^(monolithicsparse|streamoptimized)$/i.test(type)) {
      image.unsafe("extent", `an image of type ${quoted(type)} has other files`, FLAT_EXTENT);
    }
  }
  for (const { type, name } of extents) {
    if (!/^sparse$/i.test(type) || /[/\\:]/.test(name)) {
      const which = `the extent ${quoted(name)} of type ${quoted(type)}`;
      image.unsafe("extent", `${which} is another file`, FLAT_EXTENT);
    }
  }
  if (createTypes.length > 0 && extents.length !== 1) {
    image.unsafe("extent", `the image has ${extents.length} extents, not 1`, FLAT_EXTENT);
  }
}

function checkParent(image: ExaminedImage, { parent, hasParentId }: VmdkDescriptor): void {
  if (parent !== undefined) {
    image.unsafe("backing-file", `the parent is ${quoted(parent)}`, "CVE-2015-5163");
  } else if (hasParentId) {
    image.unsafe("parent", "the parent's id is set: the image holds only differences");
  }
}

/** A stream-optimized image repeats its header at the end, with the place of the grain directory. */
function checkFooter(image: ExaminedImage): void {
  const { head, tail } = image;
  const marker = tail.length - FOOTER_SIZE;
  const footer = marker + SECTOR;
  if (marker < 0 || !isMarker(tail, marker, 3) || !tail.has(footer, "KDMV")) {
    image.unsafe("truncated", "the footer, of which the header says that it is there, is missing");
    return;
  }
  if (!tail.isZero(footer + SECTOR, SECTOR)) {
    image.unsafe("malformed", "the marker at the end is missing");
  }
  for (let i = 4; i < SECTOR; i++) {
    // All must be the same but the place of the grain directory, which must be a place.
    if ((i < 48 || i >= 64) && head.u8(i) !== tail.u8(footer + i)) {
      image.unsafe("disagreement", `the footer differs from the header at byte ${i}`);
      return;
    }
  }
  if (tail.u64le(footer + 56) === IN_FOOTER) {
    image.unsafe("malformed", "the footer says that another footer follows");
  }
}

function isMarker(view: ByteView, at: number, type: number): boolean {
  return view.u64le(at) === 1n && view.u32le(at + 8) === 0 && view.u32le(at + 12) === type;
}
