/**
 * The text that describes a VMDK: its type, its parent and its extents. It is read as suspiciously as
 * possible: whatever any program takes for the name of a file is one.
 *
 * @module
 */
import { ByteView } from "./byte_view.ts";

/** What a descriptor says. */
export interface VmdkDescriptor {
  /** Every createType in it; a sound descriptor has one. */
  createTypes: string[];
  /** The name of the parent image, if one is given. */
  parent: string | undefined;
  /** Whether the id of a parent image is set. */
  hasParentId: boolean;
  /** The files that have the data. */
  extents: { type: string; name: string }[];
  /** Size of all extents in sectors of 512 bytes. */
  sectors: bigint;
}

/** A file name of more words than that is cut off. */
const MAX_WORDS = 64;

/**
 * Parses a descriptor.
 *
 * @param text The descriptor. A NUL separates words, as it ends the text for some programs only.
 * @param surroundings More text, in which only the name of a parent is looked for.
 * Default: the descriptor.
 * @returns What it says.
 */
export function vmdkDescriptor(text: string, surroundings: string = text): VmdkDescriptor {
  const descriptor: VmdkDescriptor = {
    createTypes: [...text.matchAll(/createtype\s*=\s*"?([^"\s\0]*)/gi)].map((match) => match[1]!),
    parent: /parentfilenamehint\s*=?\s*"?([^"\r\n\0]*)/i.exec(surroundings)?.[1],
    hasParentId: [...text.matchAll(/parentcid\s*=\s*([^\s\0]*)/gi)]
      .some((match) => !/^(f{8}|0xf{8})$/i.test(match[1]!)),
    extents: [],
    sectors: 0n,
  };
  // In words and not in lines, as QEMU takes any white space between the words of an extent.
  const words = text.split(/[\s\0]+/);
  for (let i = 0; i + 2 < words.length; i++) {
    if (!isExtent(words, i)) continue;
    const rest = words.slice(i + 3, i + 3 + MAX_WORDS).join(" ");
    descriptor.extents.push({ type: words[i + 2]!, name: /^"([^"]*)/.exec(rest)?.[1] ?? "" });
    if (/^\d{1,20}$/.test(words[i + 1]!)) descriptor.sectors += BigInt(words[i + 1]!);
  }
  return descriptor;
}

function isExtent(words: readonly string[], i: number): boolean {
  return /^(RW|RDONLY|NOACCESS)$/i.test(words[i]!) && /^[+-]?\d+$/.test(words[i + 1]!);
}

/**
 * Returns whether an image is a descriptor file: text that QEMU would take for one, or that has a
 * createType and an extent.
 *
 * @param head The first bytes of the image.
 * @returns Whether it is one.
 */
export function isDescriptor(head: ByteView): boolean {
  if (hasVersionLine(head.bytes)) return true;
  for (let i = 0; i < Math.min(head.length, 16); i++) {
    const byte = head.u8(i);
    if (byte < 32 && (byte < 9 || byte > 13)) return false;
  }
  const text = head.text(0, head.length);
  return /createtype\s*=/i.test(text) && vmdkDescriptor(text).extents.length > 0;
}

/** Whether the first line that is neither empty nor a comment, whatever is in these, is that of the version. */
function hasVersionLine(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0x0a, at);
    const line = new ByteView(bytes.subarray(at, end < 0 ? at + 64 : Math.min(end, at + 64)));
    const start = line.skipSpace(0, line.length);
    if (start < line.length && line.u8(0) !== 0x23) {
      // Of almost all images one letter is enough to know it.
      const isV = (line.u8(start) | 0x20) === 0x76;
      return isV && /^version\s*=\s*\d/i.test(line.text(start, 64));
    }
    if (end < 0) return false;
    at = end + 1;
  }
  return false;
}
