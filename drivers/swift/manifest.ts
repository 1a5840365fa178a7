/**
 * What images are made of: one object, or the segments that a manifest names
 * (https://docs.openstack.org/swift/latest/overview_large_objects.html).
 *
 * @module
 */
import { BackendException } from "../../errors/mod.ts";
import { decodePercentIfEncoded } from "../../location/percent_encoding.ts";
import { parseCount } from "../../streams/encoding.ts";
import type { DriverStat } from "../../store/types.ts";
import { DOCUMENT_LIMIT, type SwiftClient } from "./client.ts";
import { etagOfSegments } from "./etag.ts";
import { EMPTY_MD5 } from "./listed.ts";
import { checkSize, statOf } from "./stat.ts";

/** How deep manifests name manifests, as Swift itself follows them. */
const MAX_DEPTH = 10;

/** How many manifests one image has at most: a thousand, and the one that names them. */
export const MAX_MANIFESTS = 1001;

/** A segment of an image, or the one object that it is. */
export interface ImageSegment {
  /** Its container. */
  container: string;
  /** Its name. */
  object: string;
  /** Size in bytes. */
  size: number;
  /** Its md5, in hex. */
  etag: string;
}

/** An entry of a static manifest. */
export interface ManifestEntry {
  /** The container of the segment, where the entry names one. */
  container: string | undefined;
  /** The name of the segment. */
  object: string | undefined;
  /** Size in bytes. */
  size: number | undefined;
  /** Its ETag, without quotes. */
  etag: string | undefined;
  /** Whether it is a manifest itself. */
  isManifest: boolean;
  /** Whether only a range of it is meant, or the entry holds data of its own. */
  isPartial: boolean;
}

/** An image and the segments that it is made of. */
export interface ImageSegments {
  /** What is known of the image. */
  stat: DriverStat;
  /** The headers of its object. */
  headers: Headers;
  /** The segments, none empty. */
  segments: readonly ImageSegment[];
  /** The ETag that an image of these segments has, quotes included. */
  etag: string;
}

/** The segments of a large object, and the ETags that make up its own. */
interface Parts {
  segments: ImageSegment[];
  etags: string[];
}

/** How the object of an image refers to its segments. */
export type Manifest =
  | { type: "none" }
  | { type: "static" }
  | { type: "dynamic"; container: string; prefix: string };

/**
 * Returns how an object refers to segments.
 *
 * @param headers The headers of the object.
 * @returns The kind of manifest that it is.
 */
export function manifestOf(headers: Headers): Manifest {
  if (headers.get("x-static-large-object")?.toLowerCase() === "true") return { type: "static" };
  const manifest = headers.get("x-object-manifest");
  if (manifest === null) return { type: "none" };
  const text = decodePercentIfEncoded(manifest);
  const slash = text.indexOf("/");
  return { type: "dynamic", container: text.slice(0, slash), prefix: text.slice(slash + 1) };
}

/**
 * Reads the segments that an image is made of.
 *
 * @param client The client of the account.
 * @param image The container and the object of the image.
 * @param signal Ends the work.
 * @returns The segments, or `undefined` where they cannot be known: radosgw does not show static
 * manifests, others than Vitrine may put ranges into them, and one may refer to itself.
 * @throws {NotFound} If there is no such image.
 * @throws {BackendException} If the server does not find all of it.
 */
export async function readSegments(
  client: SwiftClient,
  { container, object }: { container: string; object: string },
  signal: AbortSignal | undefined,
): Promise<ImageSegments | undefined> {
  const { headers } = await client.send({ method: "HEAD", container, object, signal });
  checkSize(headers);
  const stat = statOf(headers);
  const manifest = manifestOf(headers);
  if (manifest.type === "none") {
    const { size, etag = "" } = stat;
    const md5 = etag.replaceAll('"', "");
    // A size of 0 that the md5 contradicts is not to be believed: reading shows what there is.
    if (size === undefined || (size === 0 && md5 !== EMPTY_MD5)) return undefined;
    const one = { container, object, size, etag: md5 };
    return { stat, headers, segments: size > 0 ? [one] : [], etag };
  }
  const parts = manifest.type === "static"
    ? await staticParts(client, container, object, { depth: 1, count: 0, signal })
    : await dynamicParts(client, manifest, signal);
  const total = parts?.segments.reduce((sum, { size }) => sum + size, 0);
  if (parts === undefined || total !== stat.size) return undefined;
  const etag = await etagOfSegments(parts.etags);
  return {
    stat,
    headers,
    segments: parts.segments.filter(({ size }) => size > 0),
    etag: `"${etag}"`,
  };
}

/**
 * Reads a static manifest, without those that it names.
 *
 * @param client The client of the account.
 * @param container The container of the manifest.
 * @param object The name of the manifest.
 * @param signal Ends the work.
 * @returns Its entries, or `undefined` if the server does not show it.
 * @throws {BackendException} If the document is no manifest.
 */
export async function readManifest(
  client: SwiftClient,
  container: string,
  object: string,
  signal: AbortSignal | undefined,
): Promise<ManifestEntry[] | undefined> {
  const query = { "multipart-manifest": "get" };
  const response = await client.open({ container, object, query, signal });
  // The coding that it may have is that of the image: the manifest itself is plain JSON.
  const text = await response.text(DOCUMENT_LIMIT, false);
  if (text === "") return undefined;
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch {
    // The same as what is no list.
  }
  if (!Array.isArray(entries)) {
    throw new BackendException(`GET ${container}/${object}: the response is no manifest`);
  }
  return entries.map(parseEntry);
}

function parseEntry(value: unknown): ManifestEntry {
  const { name, bytes, hash, range, data, sub_slo } = (value ?? {}) as Record<string, unknown>;
  const [, container, object] = /^\/?([^/]+)\/(.+)$/s.exec(`${name ?? ""}`) ?? [];
  return {
    container,
    object,
    size: parseCount(bytes),
    etag: typeof hash === "string" ? hash : undefined,
    isManifest: sub_slo === true,
    isPartial: Boolean(range) || data !== undefined,
  };
}

async function staticParts(
  client: SwiftClient,
  container: string,
  object: string,
  state: { depth: number; count: number; signal: AbortSignal | undefined },
): Promise<Parts | undefined> {
  if (state.depth > MAX_DEPTH || ++state.count > MAX_MANIFESTS) return undefined;
  const segments: ImageSegment[] = [];
  const etags: string[] = [];
  for (const entry of await readManifest(client, container, object, state.signal) ?? [NO_ENTRY]) {
    const { container, object, size, etag, isManifest, isPartial } = entry;
    if (!container || !object || !size || !etag || isPartial) return undefined;
    etags.push(etag);
    if (!isManifest) {
      segments.push({ container, object, size, etag });
      continue;
    }
    state.depth++;
    const inner = await staticParts(client, container, object, state);
    state.depth--;
    if (inner === undefined) return undefined;
    segments.push(...inner.segments);
  }
  return { segments, etags };
}

/** What a manifest that the server does not show is taken for: its segments cannot be known. */
const NO_ENTRY: ManifestEntry = parseEntry(undefined);

async function dynamicParts(
  client: SwiftClient,
  { container, prefix }: { container: string; prefix: string },
  signal: AbortSignal | undefined,
): Promise<Parts | undefined> {
  const segments: ImageSegment[] = [];
  for await (const { name, bytes, hash = "" } of client.list(container, { prefix, signal })) {
    if (bytes === undefined) return undefined;
    segments.push({ container, object: name, size: bytes, etag: hash });
  }
  return { segments, etags: segments.map(({ etag }) => etag) };
}
