/**
 * Copying inside one account: the server copies the segments, and a new manifest joins them.
 *
 * Swift compares `If-None-Match` of a copy with its source, so that a copy alone could overwrite an
 * image. A manifest cannot.
 *
 * @module
 */
// Small: a file that every driver has.
import { poolMap } from "../../streams/pool_map.ts";
import { objectPath, type SwiftClient } from "./client.ts";
import type { ImageSegments } from "./manifest.ts";
import { keptHeaders } from "./stat.ts";
import { Upload, type UploadOptions } from "./upload.ts";

/**
 * Copies an image. What others stored with it (media type, disposition, user metadata) is kept.
 *
 * @param client The client of the account.
 * @param image The image and its segments.
 * @param options Where and how the copy is made.
 * @param transfer How many segments are copied at once, and what ends the work.
 * @throws {Duplicate} If the new id exists. Nothing of the copy is left.
 */
export async function copySegments(
  client: SwiftClient,
  { segments, stat, headers }: ImageSegments,
  options: UploadOptions,
  { concurrency, signal }: { concurrency: number; signal: AbortSignal | undefined },
): Promise<void> {
  const upload = new Upload({ ...options, headers: keptHeaders(headers) });
  try {
    await poolMap(segments, concurrency, ({ container, object, size, etag }, index) => {
      const headers = { "x-copy-from": objectPath(container, object), "x-fresh-metadata": "true" };
      const segment = { number: index + 1, size, etag };
      return upload.segment(client, segment, { headers, body: [], slow: true, signal });
    });
    await upload.commit(client, stat, { signal });
  } catch (error) {
    await upload.abort(client).catch(() => {});
    throw error;
  }
}
