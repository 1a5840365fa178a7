/**
 * The header Content-MD5.
 *
 * @module
 */
// Small: it is all that a deletion needs of digests.
import { createDigests } from "../../streams/digest/mod.ts";
import { decodeHex, encodeBase64 } from "../../streams/encoding.ts";
import type { Bytes } from "../../streams/mod.ts";

/**
 * Computes the value of Content-MD5 (RFC 1864).
 *
 * @param body The body of the request.
 * @returns The md5 in base64.
 */
export async function contentMd5(body: readonly Bytes[]): Promise<string> {
  // A body is too short for a thread of its own.
  const digests = await createDigests(["md5"], { sizeHint: 0 });
  for (const chunk of body) await digests.update(chunk);
  return encodeBase64(decodeHex((await digests.digest())["md5"]!)!);
}
