/**
 * AVIF pictures (AOMedia, AV1 Image File Format; ISO/IEC 14496-12 for its boxes).
 *
 * @module
 */
import type { ByteView } from "./byte_view.ts";
import type { Format } from "./format.ts";

/** The boxes that lead to the sizes, and how many bytes of each stand before the boxes inside. */
const PATH: readonly (readonly [string, number])[] = [["meta", 4], ["iprp", 0], ["ipco", 0]];

/** The format. */
export const avif: Format = {
  name: "avif",
  kind: "content",
  examine: ({ head }) => {
    if (!head.has(4, "ftyp")) return undefined;
    const brands = head.text(8, Math.min(head.u32be(0), 256) - 8);
    return /^(.{4})*?avi[fs]/s.test(brands) ? sizeOf(head) : undefined;
  },
};

/** The largest of the sizes: a thumbnail has one too. */
function sizeOf(head: ByteView): { width?: number; height?: number } {
  let [start, end] = [0, head.length];
  for (const [name, skipped] of PATH) {
    const box = boxes(head, start, end).find(({ type }) => type === name);
    if (!box) return {};
    [start, end] = [box.start + skipped, box.end];
  }
  const sizes = boxes(head, start, end).filter(({ type }) => type === "ispe")
    .map(({ start }) => ({ width: head.u32be(start + 4), height: head.u32be(start + 8) }))
    .sort((a, b) => b.width * b.height - a.width * a.height);
  return sizes[0] ?? {};
}

interface Box {
  type: string;
  /** Where the box's content begins. */
  start: number;
  /** Where the box ends. */
  end: number;
}

function boxes(view: ByteView, start: number, end: number): Box[] {
  const found: Box[] = [];
  for (let at = start; at + 8 <= end;) {
    const size = view.u32be(at);
    // Large boxes and those that go on to the end have no others behind them that matter.
    if (size < 8) break;
    found.push({ type: view.text(at + 4, 4), start: at + 8, end: Math.min(at + size, end) });
    at += size;
  }
  return found;
}
