/**
 * GIF pictures (CompuServe, GIF89a, section 18).
 *
 * @module
 */
import type { Format } from "./format.ts";

/** The format. */
export const gif: Format = {
  name: "gif",
  kind: "content",
  examine: ({ head }) => {
    if (!head.has(0, "GIF87a") && !head.has(0, "GIF89a")) return undefined;
    return head.length >= 10 ? { width: head.u16le(6), height: head.u16le(8) } : {};
  },
};
