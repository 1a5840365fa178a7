/**
 * The md5 of bytes in memory, which is the ETag of objects and of parts.
 *
 * @module
 */
// Small: one digest, for the drivers whose servers have it.
import type { Bytes } from "../../streams/mod.ts";

/**
 * Computes the md5 of bytes.
 *
 * @param chunks The bytes.
 * @returns The md5 in lower-case hex.
 */
export async function md5Of(chunks: readonly Bytes[]): Promise<string> {
  const { createDigests } = await import("../../streams/digest/mod.ts");
  const sizeHint = chunks.reduce((sum, { length }) => sum + length, 0);
  const digests = await createDigests(["md5"], { sizeHint });
  try {
    for (const chunk of chunks) await digests.update(chunk);
    return (await digests.digest())["md5"]!;
  } finally {
    digests.close();
  }
}
