/**
 * Reading an image in parts, several at once, from the segments that it is made of. A proxy that joins
 * segments computes an md5 of each, which takes longer than to send them; and one connection keeps one
 * process of the proxy at work.
 *
 * @module
 */
import {
  BackendException,
  NotFound,
  RemoteServiceUnavailable,
  StoreError,
} from "../../errors/mod.ts";
import type { ImageReader } from "../../store/driver.ts";
import type { ByteRange, Bytes } from "../../streams/mod.ts";
import { poolMap } from "../../streams/pool_map.ts";
import type { HttpRequest } from "../../transport/request.ts";
import type { HttpResponse } from "../../transport/response.ts";
import { Transport } from "../../transport/transport.ts";
import { parallelReader } from "../shared/parallel_reader.ts";
import type { SwiftClient } from "./client.ts";
import type { SwiftLocation } from "./location.ts";
import {
  type ImageSegment,
  type ImageSegments,
  manifestOf,
  readManifest,
  readSegments,
} from "./manifest.ts";
import { MB } from "./options.ts";
import { checkOrigin, checkSize, parseModified } from "./stat.ts";

/** Size of a part in bytes: half a segment or less of what most stores are configured to write. */
export const PART = 8 * MB;

/**
 * How much larger the first part is. An object server computes an md5 of what it reads from an object's
 * first byte on, which is useless unless it reads to the end; so parts do not begin where segments do.
 */
const SHIFT = MB;

/** How many segments are looked at at once to find a missing one. */
const CONCURRENCY = 8;

/** A transport whose responses are parts of a whole image. */
export class ReadingTransport extends Transport {
  /**
   * Sends a request.
   *
   * @param request The request.
   * @returns The response. Its `Last-Modified` is the date that `stat` has, so that both are the same.
   * @throws {BackendException} If the server does not find the whole image.
   */
  override async send(request: HttpRequest): Promise<HttpResponse> {
    const response = await super.send(request);
    try {
      if (response.ok) {
        checkOrigin(response.headers, true);
        checkSize(response.headers);
      }
      const modified = parseModified(response.headers);
      if (modified === undefined) return response;
      const headers = new Headers(response.headers);
      headers.set("last-modified", modified.toUTCString());
      return Object.assign(response, { headers });
    } catch (error) {
      await response.release();
      throw error;
    }
  }
}

/** The container and the name of an object. */
type ObjectName = Pick<ImageSegment, "container" | "object">;

/** Opens a range of one object, of that ETag alone if one is known. */
export type OpenObject = (
  object: ObjectName,
  range: ByteRange,
  etag: string | undefined,
) => Promise<ImageReader>;

/** A range of one segment. */
interface Share {
  segment: ImageSegment;
  offset: number;
  length: number;
}

/**
 * Opens a range of an image. The first part comes from the image itself and decides which representation
 * all others must be of.
 *
 * @param open Opens a range of one object.
 * @param client The client of the account.
 * @param location The image.
 * @param range The range, in bytes.
 * @param options How many parts are on their way at once, and what ends the work.
 * @returns The reader.
 * @throws {BackendException} If a segment is missing; the message names it.
 */
export async function openImage(
  open: OpenObject,
  client: SwiftClient,
  location: SwiftLocation,
  range: ByteRange,
  { concurrency, signal }: { concurrency: number; signal: AbortSignal | undefined },
): Promise<ImageReader> {
  const explain = (error: unknown) => explainError(client, location, error, signal);
  let segments: Promise<ImageSegments | undefined> | undefined;
  const openPart = async (part: ByteRange, etag: string | undefined) => {
    if (etag === undefined) return await open(location, part, etag);
    const image = await (segments ??= readSegments(client, location, signal).catch(unreadable));
    return image?.etag === etag
      ? await openShares(open, sharesOf(image.segments, part))
      : await open(location, part, etag);
  };
  try {
    const reader = concurrency === 1
      ? await open(location, range, undefined)
      : await parallelReader(openPart, range, {
        etag: undefined,
        partSize: PART,
        firstSize: PART + SHIFT,
        concurrency,
      });
    const read = reader.read.bind(reader);
    // The same object, for whose body a server may have a faster way.
    return Object.assign(reader, {
      read: (view: Bytes) =>
        read(view).catch(async (error) => {
          throw await explain(error);
        }),
    });
  } catch (error) {
    throw await explain(error);
  }
}

/** Somebody who may read an image may not be allowed to see what it is made of. */
function unreadable(error: unknown): undefined {
  if (error instanceof StoreError) return undefined;
  throw error;
}

/** Returns what a range of the image is in its segments. */
function sharesOf(
  segments: readonly ImageSegment[],
  { offset, length = Infinity }: ByteRange,
): Share[] {
  const shares: Share[] = [];
  let begin = 0;
  for (const segment of segments) {
    const first = Math.max(offset, begin);
    const end = Math.min(offset + length, begin + segment.size);
    if (first < end) shares.push({ segment, offset: first - begin, length: end - first });
    begin += segment.size;
  }
  return shares;
}

async function openShares(open: OpenObject, shares: readonly Share[]): Promise<ImageReader> {
  const begin = async ({ segment, ...range }: Share) => {
    try {
      return await open(segment, range, `"${segment.etag}"`);
    } catch (error) {
      throw error instanceof NotFound ? missingSegment(segment) : error;
    }
  };
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

/**
 * Returns the error of a read, which names the segment that is missing where that is the cause: Swift
 * breaks the connection, or responds 409.
 */
async function explainError(
  client: SwiftClient,
  location: SwiftLocation,
  error: unknown,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const isCandidate = error instanceof BackendException ||
    error instanceof RemoteServiceUnavailable;
  if (!isCandidate || signal?.aborted) return error;
  const missing = await findMissing(client, location, signal).catch(() => undefined);
  return missing === undefined ? error : missingSegment(missing, error);
}

function missingSegment({ container, object }: ObjectName, cause?: unknown): BackendException {
  const detail = `the image's segment ${container}/${object} is missing`;
  return new BackendException(detail, cause === undefined ? {} : { cause });
}

/** Finds the first segment of a large object that does not exist. */
async function findMissing(
  client: SwiftClient,
  { container, object }: SwiftLocation,
  signal: AbortSignal | undefined,
): Promise<ObjectName | undefined> {
  const { headers } = await client.send({ method: "HEAD", container, object, signal });
  const manifest = manifestOf(headers);
  if (manifest.type === "none") return undefined;
  if (manifest.type === "dynamic") {
    // Vitrine and glance_store count their segments from 1.
    const { container, prefix } = manifest;
    let number = 0;
    for await (const { name } of client.list(container, { prefix, signal })) {
      const digits = name.slice(prefix.length);
      if (!/^\d+$/.test(digits)) return undefined;
      if (Number(digits) !== ++number) {
        return { container, object: prefix + String(number).padStart(digits.length, "0") };
      }
    }
    return undefined;
  }
  const entries = await readManifest(client, container, object, signal) ?? [];
  const missing = await poolMap(entries, CONCURRENCY, async ({ container, object }) => {
    if (container === undefined || object === undefined) return undefined;
    const request = { method: "HEAD", container, object, accept: [200, 204, 404], signal };
    return (await client.send(request)).status === 404 ? { container, object } : undefined;
  });
  return missing.find((one) => one !== undefined);
}
