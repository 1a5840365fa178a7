/**
 * Text files of people, as editors and shells of all systems write them.
 *
 * @module
 */
// Small: what reads no such file does not load it.

/** The encodings of text by the bytes of the byte order mark, which may stand before it. */
const MARKS: readonly (readonly [encoding: string, ...mark: number[]])[] = [
  ["utf-8", 0xef, 0xbb, 0xbf],
  ["utf-16le", 0xff, 0xfe],
  ["utf-16be", 0xfe, 0xff],
];

/**
 * Decodes a text file of any system: UTF-8, or UTF-16 with a byte order mark, as PowerShell writes it.
 *
 * @param bytes The content of the file.
 * @returns The text without the mark.
 */
export function decodeText(bytes: Uint8Array): string {
  const [encoding = "utf-8"] =
    MARKS.find(([, ...mark]) => mark.every((byte, at) => bytes[at] === byte)) ?? [];
  return new TextDecoder(encoding).decode(bytes);
}
