/**
 * What images are made of: one object, or the segments that a manifest names.
 *
 * @module
 */
import type { DriverStat } from "../../store/types.ts";
import type { SwiftClient } from "./client.ts";
import { md5Of, readManifest } from "./large_objects.ts";
import type { SwiftLocation } from "./location.ts";
import { checkSize, statOf } from "./metadata.ts";

/** An object whose bytes are a piece of an image. */
export interface Piece {
  /** Its container. */
  container: string;
  /** Its name. */
  object: string;
  /** Size in bytes. */
  size: number;
  /** Its md5, in hex. */
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
  /** The entity tag that an image of these objects has, quotes included. */
  etag: string;
}

/** The objects of a large object, and the entity tags that make up its own. */
interface Parts {
  pieces: Piece[];
  etags: string[];
}

/**
 * The objects that an image is made of; `undefined` where that cannot be told: radosgw keeps static
 * manifests to itself, and others than Vitrine may put ranges into them. Throws `NotFound`, and
 * `BackendException` where the server does not find all of it.
 */
export async function piecesOf(
  client: SwiftClient,
  { container, object }: SwiftLocation,
  signal: AbortSignal | undefined,
): Promise<Pieces | undefined> {
  const { headers } = await client.ask({ method: "HEAD", container, object, signal });
  checkSize(headers);
  const stat = statOf(headers);
  const manifest = headers.get("x-object-manifest");
  const isStatic = headers.get("x-static-large-object")?.toLowerCase() === "true";
  if (!isStatic && manifest === null) {
    const { size = NaN, etag = "" } = stat;
    const pieces = size > 0 ? [{ container, object, size, etag: etag.replaceAll('"', "") }] : [];
    return { stat, pieces, etag };
  }
  const parts = isStatic
    ? await staticParts(client, container, object, signal)
    : await dynamicParts(client, manifest!, signal);
  const total = parts?.pieces.reduce((sum, { size }) => sum + size, 0);
  if (parts === undefined || total !== stat.size) return undefined;
  // Of a large object it is the md5 of its segments' md5, as text.
  const etag = await md5Of([new TextEncoder().encode(parts.etags.join(""))]);
  return { stat, pieces: parts.pieces.filter(({ size }) => size > 0), etag: `"${etag}"` };
}

async function staticParts(
  client: SwiftClient,
  container: string,
  object: string,
  signal: AbortSignal | undefined,
): Promise<Parts | undefined> {
  const query = { "multipart-manifest": "get" };
  const response = await client.send({ container, object, query, signal });
  const text = await response.text(67_108_864);
  if (text === "") return undefined;
  const pieces: Piece[] = [];
  const etags: string[] = [];
  for (const entry of JSON.parse(text) as ManifestEntry[]) {
    const [, container, object] = /^\/([^/]+)\/(.+)$/s.exec(entry.name ?? "") ?? [];
    if (!container || !object || !entry.bytes || !entry.hash || entry.range) return undefined;
    etags.push(entry.hash);
    if (!entry.sub_slo) {
      pieces.push({ container, object, size: entry.bytes, etag: entry.hash });
      continue;
    }
    const inner = await staticParts(client, container, object, signal);
    if (inner === undefined) return undefined;
    pieces.push(...inner.pieces);
  }
  return { pieces, etags };
}

async function dynamicParts(
  client: SwiftClient,
  manifest: string,
  signal: AbortSignal | undefined,
): Promise<Parts> {
  const { container, prefix } = readManifest(manifest);
  const pieces: Piece[] = [];
  for await (const { name, bytes = NaN, hash = "" } of client.list(container, { prefix, signal })) {
    if (name !== undefined) pieces.push({ container, object: name, size: bytes, etag: hash });
  }
  return { pieces, etags: pieces.map(({ etag }) => etag) };
}
