/**
 * Copying inside one account: the server copies the pieces, a new manifest joins them.
 *
 * Swift judges If-None-Match of a copy against its source, so that a copy alone could overwrite an
 * image; a manifest cannot.
 *
 * @module
 */
import type { DriverStat } from "../driver.ts";
import { objectPath, type SwiftClient } from "./client.ts";
import { readManifest } from "./large_objects.ts";
import type { SwiftLocation } from "./location.ts";
import { statOf } from "./metadata.ts";
import { pooled } from "./pooled.ts";
import type { Upload } from "./upload.ts";

/** An object whose bytes are a piece of an image. */
interface Piece {
  container: string;
  object: string;
  size: number;
  etag: string;
}

/** An entry of a static manifest, as `multipart-manifest=get` tells it. */
interface ManifestEntry {
  name?: string;
  bytes?: number;
  hash?: string;
  range?: string;
  data?: string;
  sub_slo?: boolean;
}

/** An image and the objects that it is made of. */
export interface Pieces {
  /** What is known of it. */
  stat: DriverStat;
  /** The objects, none empty. */
  pieces: readonly Piece[];
}

/**
 * The objects that an image is made of; `undefined` where that cannot be told: radosgw keeps static
 * manifests to itself, and others than Vitrine may put ranges into them. Throws `NotFound`.
 */
export async function piecesOf(
  client: SwiftClient,
  { container, object }: SwiftLocation,
  signal: AbortSignal | undefined,
): Promise<Pieces | undefined> {
  const { headers } = await client.ask({ method: "HEAD", container, object, signal });
  const stat = statOf(headers);
  const manifest = headers.get("x-object-manifest");
  const pieces = headers.get("x-static-large-object")?.toLowerCase() === "true"
    ? await staticPieces(client, container, object, signal)
    : manifest === null
    ? [{ container, object, size: stat.size ?? NaN, etag: (stat.etag ?? "").replaceAll('"', "") }]
    : await dynamicPieces(client, manifest, signal);
  const total = pieces?.reduce((sum, { size }) => sum + size, 0);
  if (pieces === undefined || total !== stat.size) return undefined;
  return { stat, pieces: pieces.filter(({ size }) => size > 0) };
}

async function staticPieces(
  client: SwiftClient,
  container: string,
  object: string,
  signal: AbortSignal | undefined,
): Promise<Piece[] | undefined> {
  const query = { "multipart-manifest": "get" };
  const response = await client.send({ container, object, query, signal });
  const text = await response.text(67_108_864);
  if (text === "") return undefined;
  const pieces: Piece[] = [];
  for (const entry of JSON.parse(text) as ManifestEntry[]) {
    const [, container, object] = /^\/([^/]+)\/(.+)$/s.exec(entry.name ?? "") ?? [];
    if (!container || !object || !entry.bytes || !entry.hash || entry.range) return undefined;
    const inner = entry.sub_slo
      ? await staticPieces(client, container, object, signal)
      : [{ container, object, size: entry.bytes, etag: entry.hash }];
    if (inner === undefined) return undefined;
    pieces.push(...inner);
  }
  return pieces;
}

async function dynamicPieces(
  client: SwiftClient,
  manifest: string,
  signal: AbortSignal | undefined,
): Promise<Piece[]> {
  const { container, prefix } = readManifest(manifest);
  const pieces: Piece[] = [];
  for await (const { name, bytes = NaN, hash = "" } of client.list(container, { prefix, signal })) {
    if (name !== undefined) pieces.push({ container, object: name, size: bytes, etag: hash });
  }
  return pieces;
}

/** Lets the server copy the pieces, and shows the copy. What fails is cleaned up by the caller. */
export async function copyPieces(
  client: SwiftClient,
  { pieces, stat }: Pieces,
  upload: Upload,
  { concurrency, signal }: { concurrency: number; signal: AbortSignal | undefined },
): Promise<void> {
  await pooled(pieces, concurrency, ({ container, object, size, etag }, index) => {
    const headers = { "x-copy-from": objectPath(container, object), "x-fresh-metadata": "true" };
    const segment = { number: index + 1, size, etag };
    return upload.segment(client, segment, { headers, body: [], slow: true, signal });
  });
  await upload.commit(client, stat, { signal });
}
