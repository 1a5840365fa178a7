/**
 * Sparse images for tests: where they have data, and as what they are read.
 *
 * @module
 */

/** One mebibyte. */
export const MIB = 1024 * 1024;

/** A sparse image. */
export interface SparseImage {
  /** What the test calls it. */
  name: string;
  /** Its size in bytes. */
  size: number;
  /** Where it has 64 KiB of data, or fewer at its end, in bytes. */
  data: readonly number[];
}

/** Images with data at the start, at the end, nowhere, everywhere, and of sizes that are no multiple of a block. */
export const SPARSE_IMAGES: readonly SparseImage[] = [
  { name: "start", size: 32 * MIB, data: [0] },
  { name: "end", size: 32 * MIB + 512, data: [32 * MIB + 512 - 65_536] },
  { name: "middle", size: 32 * MIB + 1, data: [8 * MIB - 4096, 20 * MIB + 12_288] },
  { name: "nowhere", size: 32 * MIB - 1, data: [] },
  { name: "everywhere", size: 5 * MIB + 7, data: [...Array(81).keys()].map((i) => i * 65_536) },
  { name: "small", size: 100, data: [] },
];

/**
 * Writes a sparse image to a file.
 *
 * @param path The path of the new file.
 * @param image What it holds.
 */
export async function writeSparse(path: string, { size, data }: SparseImage): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  for (const at of data) {
    await file.seek(at, Deno.SeekMode.Start);
    await file.write(new Uint8Array(Math.min(65_536, size - at)).fill(at % 251 + 1));
  }
  await file.truncate(size);
}

/**
 * Returns all bytes of a sparse image.
 *
 * @param image The image.
 */
export function sparseBytes({ size, data }: SparseImage): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (const at of data) bytes.fill(at % 251 + 1, at, at + 65_536);
  return bytes;
}

/** Returns how many bytes this process has read from files and written to them. */
export async function bytesMoved(): Promise<{ read: number; written: number }> {
  const text = await Deno.readTextFile("/proc/self/io");
  const count = (name: string) => Number(text.match(new RegExp(`^${name}: (\\d+)$`, "m"))![1]);
  return { read: count("rchar"), written: count("wchar") };
}
