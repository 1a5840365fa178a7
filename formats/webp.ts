/**
 * WebP pictures (RFC 9649).
 *
 * @module
 */
import type { ByteView } from "./byte_view.ts";
import type { Format } from "./format.ts";

/** The format. */
export const webp: Format = {
  name: "webp",
  kind: "content",
  examine: ({ head }) => head.has(0, "RIFF") && head.has(8, "WEBP") ? sizeOf(head) : undefined,
};

/** The size stands in the first chunk, in each kind of chunk elsewhere. */
function sizeOf(head: ByteView): { width?: number; height?: number } {
  if (head.length < 30) return {};
  if (head.has(12, "VP8 ") && head.has(23, "\x9d\x01\x2a")) {
    return { width: head.u16le(26) & 0x3fff, height: head.u16le(28) & 0x3fff };
  }
  if (head.has(12, "VP8L") && head.u8(20) === 0x2f) {
    const bits = head.u32le(21);
    return { width: (bits & 0x3fff) + 1, height: (bits >>> 14 & 0x3fff) + 1 };
  }
  if (head.has(12, "VP8X")) {
    const width = (head.u32le(24) & 0xffffff) + 1;
    return { width, height: (head.u32le(27) & 0xffffff) + 1 };
  }
  return {};
}
