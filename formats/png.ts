/**
 * PNG pictures (W3C, Portable Network Graphics, section 5).
 *
 * @module
 */
import type { Format } from "./format.ts";

/** The format. */
export const png: Format = {
  name: "png",
  kind: "content",
  examine: ({ head }) => {
    if (!head.has(0, "\x89PNG\r\n\x1a\n")) return undefined;
    return head.has(12, "IHDR") && head.length >= 24
      ? { width: head.u32be(16), height: head.u32be(20) }
      : {};
  },
};
