/**
 * Copying inside one account: the server copies the pieces, a new manifest joins them.
 *
 * Swift judges If-None-Match of a copy against its source, so that a copy alone could overwrite an
 * image; a manifest cannot.
 *
 * @module
 */
import { objectPath, type SwiftClient } from "./client.ts";
import type { Pieces } from "./pieces.ts";
import { poolMap } from "../../streams/pool_map.ts";
import type { Upload } from "./upload.ts";

/** Lets the server copy the pieces, and shows the copy. What fails is cleaned up by the caller. */
export async function copyPieces(
  client: SwiftClient,
  { pieces, stat }: Pieces,
  upload: Upload,
  { concurrency, signal }: { concurrency: number; signal: AbortSignal | undefined },
): Promise<void> {
  await poolMap(pieces, concurrency, ({ container, object, size, etag }, index) => {
    const headers = { "x-copy-from": objectPath(container, object), "x-fresh-metadata": "true" };
    const segment = { number: index + 1, size, etag };
    return upload.segment(client, segment, { headers, body: [], slow: true, signal });
  });
  await upload.commit(client, stat, { signal });
}
