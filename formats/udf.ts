/**
 * UDF, the file system of DVDs (ECMA-167, part 2): recognised by its volume recognition sequence.
 *
 * @module
 */
import type { ByteView } from "./byte_view.ts";
import type { Format } from "./format.ts";

/** The volume recognition sequence begins in sector 16. */
const SEQUENCE = 32_768;

/** The format; an image that is an ISO too is a bridge and is reported as `iso`. */
export const udf: Format = {
  name: "udf",
  kind: "disc",
  examine: ({ head }) => hasUdf(head) && !head.has(SEQUENCE + 1, "CD001") ? {} : undefined,
};

/**
 * Returns whether the volume recognition sequence says that there is a UDF file system.
 *
 * @param head The first bytes of the image.
 * @returns Whether it does.
 */
export function hasUdf(head: ByteView): boolean {
  let hasBegun = false;
  for (let at = SEQUENCE; at + 6 <= head.length; at += 2048) {
    if (head.has(at + 1, "NSR02") || head.has(at + 1, "NSR03")) return hasBegun;
    if (head.has(at + 1, "BEA01")) hasBegun = true;
    // A sector of 4096 bytes has a descriptor in its first half only.
    else if (!head.has(at + 1, "CD001") && !head.isZero(at, 7)) return false;
  }
  return false;
}
