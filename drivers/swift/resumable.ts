/**
 * Segments that adds with `resume` have left, to be copied by the server into the next upload.
 *
 * They are copied and not named by the new manifest: an image is made of the segments of one upload, which
 * are deleted with it, and those of another upload may be in an image that is not known here.
 *
 * @module
 */
import { encodeHex } from "../../streams/encoding.ts";
import type { SwiftClient } from "./client.ts";
import type { SwiftLocation } from "./location.ts";
import { segmentPrefix, SEGMENTS, uploadIdOf } from "./object_names.ts";

/** A segment that an upload has left. */
export interface KeptSegment {
  /** The object. */
  object: string;
  /** Size in bytes. */
  size: number;
}

/**
 * Creates the id of an upload that can be resumed.
 *
 * @param object The name of the image's object.
 * @returns The id.
 */
export async function resumableId(object: string): Promise<string> {
  const prefix = await resumablePrefix(object);
  return prefix + crypto.randomUUID().slice(prefix.length);
}

/**
 * Lists the segments that uploads of an image have left which can be resumed.
 *
 * @param client The client of the account.
 * @param image Where the image will be.
 * @param signal Ends the listing.
 * @returns The segments by their md5s in hex.
 */
export async function findKeptSegments(
  client: SwiftClient,
  { container, object }: SwiftLocation,
  signal: AbortSignal | undefined,
): Promise<Map<string, KeptSegment>> {
  const segments = new Map<string, KeptSegment>();
  const prefix = SEGMENTS + await resumablePrefix(object);
  for await (const { name, bytes, hash } of client.list(container, { prefix, signal })) {
    const id = uploadIdOf(name);
    if (id === undefined || !name.startsWith(segmentPrefix(id))) continue;
    if (hash !== undefined && bytes !== undefined) {
      segments.set(hash, { object: name, size: bytes });
    }
  }
  return segments;
}

/**
 * Returns what the ids of all uploads of an image begin with that can be resumed: 64 of the 128 bits of a
 * UUID. Those of other uploads are random.
 */
async function resumablePrefix(object: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(object));
  const hex = encodeHex(new Uint8Array(digest));
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-`;
}
