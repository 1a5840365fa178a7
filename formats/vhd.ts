/**
 * VHD, the format of Virtual PC and Azure (Microsoft, Virtual Hard Disk Image Format Specification).
 *
 * @module
 */
import { ByteView } from "./byte_view.ts";
import {
  type Detection,
  END,
  type Examination,
  type ExaminedImage,
  type Format,
} from "./format.ts";

const COOKIE = "conectix";
const FOOTER_SIZE = 512;
const FIXED = 2, DYNAMIC = 3, DIFFERENCING = 4;

/** The format. */
export const vhd: Format = {
  name: "vhd",
  kind: "container",
  examine: (image) => image.head.has(0, COOKIE) ? examineDynamic(image) : examineFooter(image),
};

/** A dynamic or differencing image: the footer has a copy at the start. */
function* examineDynamic(image: ExaminedImage): Examination {
  const { head } = image;
  const footer = new ByteView(head.bytes.subarray(0, FOOTER_SIZE));
  const subformat = checkFooter(image, footer);
  if (subformat === "fixed") image.unsafe("malformed", "a fixed image has a header");
  const virtualSize = image.declaredSize(footer.u64be(48));
  const headerOffset = footer.u64be(16);
  let clusterSize: number | undefined;
  if (headerOffset < 2n ** 40n) {
    const header = yield { offset: Number(headerOffset), length: 1024 };
    if (header.has(0, "cxsparse")) clusterSize = header.u32be(32);
  }
  if (clusterSize === undefined) {
    image.unsafe("malformed", "the header of the dynamic disk is not where the footer says");
  }
  yield END;
  const last = footerOf(image.tail);
  if (!last) {
    image.suspicious("truncated", "the footer at the end is missing");
  } else if (last.bytes.some((byte, i) => byte !== footer.bytes[i])) {
    image.unsafe("disagreement", "the footer at the end differs from its copy at the start");
  }
  return { subformat, virtualSize, ...clusterSize !== undefined && { clusterSize } };
}

/** A fixed image: what is before the footer is raw. */
function* examineFooter(image: ExaminedImage): Examination {
  yield END;
  const footer = footerOf(image.tail);
  if (!footer) return undefined;
  const subformat = checkFooter(image, footer);
  if (subformat !== "fixed") {
    image.unsafe("disagreement", "the footer is that of a dynamic disk, whose start is missing");
  }
  const virtualSize = image.declaredSize(footer.u64be(48));
  if (virtualSize !== undefined && virtualSize > image.size) {
    image.unsafe("truncated", `the disk has ${virtualSize} bytes, the image only ${image.size}`);
  }
  return { kind: "footer", subformat, virtualSize } satisfies Detection;
}

/** Old versions of Virtual PC wrote footers of 511 bytes. */
function footerOf(tail: ByteView): ByteView | undefined {
  for (const size of [FOOTER_SIZE, FOOTER_SIZE - 1]) {
    const at = tail.length - size;
    if (tail.has(at, COOKIE)) return new ByteView(tail.bytes.subarray(at));
  }
  return undefined;
}

function checkFooter(image: ExaminedImage, footer: ByteView): string {
  const type = footer.u32be(60);
  let sum = 0;
  for (let i = 0; i < FOOTER_SIZE; i++) if (i < 64 || i >= 68) sum += footer.u8(i);
  if (footer.u32be(64) !== ~sum >>> 0) {
    image.unsafe("malformed", "the checksum of the footer is wrong");
  }
  if (type === DIFFERENCING) {
    image.unsafe("parent", "the image holds only the differences to a parent image");
    return "differencing";
  }
  if (type === FIXED) return "fixed";
  if (type !== DYNAMIC) image.unsafe("malformed", `the disk type ${type} is unknown`);
  return "dynamic";
}
