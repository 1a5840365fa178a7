/**
 * Reading an image in parts, several at once, from the objects that it is made of. A proxy that joins
 * segments computes an md5 of each, which takes it longer than to send them; and one connection has one
 * proxy's process at work.
 *
 * @module
 */
import { RemoteServiceUnavailable, StoreError } from "../../errors/mod.ts";
import type { ByteRange } from "../../streams/mod.ts";
import type { ImageReader } from "../../store/driver.ts";
import { parallelReader } from "../shared/parallel_reader.ts";
import type { SwiftClient } from "./client.ts";
import type { SwiftLocation } from "./location.ts";
import { MB } from "./options.ts";
import { type Piece, type Pieces, piecesOf } from "./pieces.ts";

/** Size of a part in bytes: half a segment or less of what most stores are configured to write. */
export const PART = 8 * MB;

/**
 * How much larger the first part is. An object server computes an md5 of what it reads from an object's
 * first byte on, for nothing unless it reads to the end; so parts do not begin where segments do.
 */
const SHIFT = MB;

/** An object's place. */
type Place = Pick<Piece, "container" | "object">;

/** Opens a range of one object, of that entity tag alone if one is given. */
export type OpenObject = (
  place: Place,
  range: ByteRange,
  etag: string | undefined,
) => Promise<ImageReader>;

/** A range of one piece. */
interface Share {
  piece: Piece;
  offset: number;
  length: number;
}

/**
 * A reader over a range of an image, with `concurrency` parts on their way. The first part comes from
 * the image itself and says which representation all others must be of.
 */
export function readParts(
  open: OpenObject,
  client: SwiftClient,
  location: SwiftLocation,
  range: ByteRange,
  { concurrency, signal }: { concurrency: number; signal: AbortSignal | undefined },
): Promise<ImageReader> {
  let known: Promise<Pieces | undefined> | undefined;
  return parallelReader(
    async (part, etag) => {
      if (etag === undefined) return await open(location, part, etag);
      const pieces = await (known ??= piecesOf(client, location, signal).catch(unknown));
      return pieces?.etag === etag
        ? await openShares(open, sharesOf(pieces.pieces, part))
        : await open(location, part, etag);
    },
    range,
    { etag: undefined, partSize: PART, firstSize: PART + SHIFT, concurrency },
  );
}

/** Who may read an image may not be let see what it is made of. */
function unknown(error: unknown): undefined {
  if (error instanceof StoreError || error instanceof SyntaxError) return undefined;
  throw error;
}

/** What a range of the image is in its pieces. */
function sharesOf(pieces: readonly Piece[], { offset, length = Infinity }: ByteRange): Share[] {
  const shares: Share[] = [];
  let begin = 0;
  for (const piece of pieces) {
    const first = Math.max(offset, begin);
    const end = Math.min(offset + length, begin + piece.size);
    if (first < end) shares.push({ piece, offset: first - begin, length: end - first });
    begin += piece.size;
  }
  return shares;
}

async function openShares(open: OpenObject, shares: readonly Share[]): Promise<ImageReader> {
  const begin = ({ piece, ...range }: Share) => open(piece, range, `"${piece.etag}"`);
  let reader = await begin(shares[0]!);
  if (shares.length === 1) return reader;
  let at = 0;
  let left = shares[0]!.length;
  return {
    size: shares.reduce((sum, { length }) => sum + length, 0),
    async read(view) {
      let filled = 0;
      while (filled < view.length) {
        if (left === 0) {
          const next = shares[++at];
          if (next === undefined) break;
          await reader.close();
          reader = await begin(next);
          left = next.length;
        }
        // Not into the view itself: a read that is resumed gives another buffer.
        const chunk = await reader.read(new Uint8Array(Math.min(left, view.length - filled)));
        if (chunk.length === 0) {
          throw new RemoteServiceUnavailable("a segment is shorter than its manifest says");
        }
        view.set(chunk, filled);
        filled += chunk.length;
        left -= chunk.length;
      }
      return view.subarray(0, filled);
    },
    close: (reason) => reader.close(reason),
  };
}
