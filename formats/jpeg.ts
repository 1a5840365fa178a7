/**
 * JPEG pictures (ITU-T T.81, annex B): their size is in the start of the frame, behind other segments.
 *
 * @module
 */
import type { ByteView } from "./byte_view.ts";
import type { Format } from "./format.ts";

/** The format. */
export const jpeg: Format = {
  name: "jpeg",
  kind: "content",
  examine: ({ head }) => head.has(0, "\xff\xd8\xff") ? findFrame(head) : undefined,
};

function findFrame(head: ByteView): { width?: number; height?: number } {
  for (let at = 2; at + 9 <= head.length;) {
    if (head.u8(at) !== 0xff) return {};
    const marker = head.u8(at + 1);
    // Fill bytes may stand before a marker.
    if (marker === 0xff) at += 1;
    else if (isFrame(marker)) return { width: head.u16be(at + 7), height: head.u16be(at + 5) };
    // The scan begins, or the picture ends: there is no frame before.
    else if (marker === 0xda || marker === 0xd9) return {};
    else at += 2 + Math.max(2, head.u16be(at + 2));
  }
  return {};
}

/** Whether a marker is SOF0 to SOF15; DHT, JPG and DAC lie among them. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}
