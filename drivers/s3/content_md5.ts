/**
 * The header Content-MD5.
 *
 * @module
 */
// Small: one header, of requests of many kinds.
import { decodeHex, encodeBase64 } from "../../streams/encoding.ts";
import type { Bytes } from "../../streams/mod.ts";
import { md5Of } from "../shared/md5.ts";

/**
 * Computes the value of Content-MD5 (RFC 1864).
 *
 * @param body The body of the request.
 * @returns The md5 in base64.
 */
export async function contentMd5(body: readonly Bytes[]): Promise<string> {
  return encodeBase64(decodeHex(await md5Of(body))!);
}
