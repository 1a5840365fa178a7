/**
 * Large objects: where segments are, how manifests name them, how both are removed.
 *
 * Segments lie in the image's container below `.segments/`, each upload's under a name of its own, so
 * that two uploads of one image do not touch each other's. glance_store deletes them by what the
 * manifest says, wherever they are
 * (https://docs.openstack.org/swift/latest/overview_large_objects.html).
 *
 * @module
 */
import { BackendException, Forbidden, StoreError } from "../../errors/mod.ts";
import { decodePercentIfEncoded } from "../../location/percent_encoding.ts";
import type { Bytes } from "../../streams/mod.ts";
import { objectPath, type SwiftClient } from "./client.ts";
import { SEGMENTS } from "./names.ts";
import { poolMap } from "../../streams/pool_map.ts";

/** How many segments a manifest names at most, as Swift and radosgw come configured. */
export const MANIFEST_LIMIT = 1000;

/** How many small requests are under way at once. */
const AT_ONCE = 8;

/** A segment that was sent. */
export interface Segment {
  /** The object. */
  object: string;
  /** Size in bytes. */
  size: number;
  /** Its md5, in hex. */
  etag: string;
}

/** A large object to be put together. */
export interface LargeObject {
  /** Its container. */
  container: string;
  /** Its name. */
  object: string;
  /** What its segments' names begin with. */
  prefix: string;
  /** Its segments, in order. */
  segments: readonly Segment[];
  /** Whether the manifest names each segment, or their prefix. */
  type: "slo" | "dlo";
  /** Headers of the manifest. */
  headers: Readonly<Record<string, string>>;
}

/** What the segments of one upload begin with. */
export function segmentPrefix(uploadId: string): string {
  return `${SEGMENTS}${uploadId}/`;
}

/**
 * Removes what an upload left that came to nothing: the segments that are known to have been begun,
 * and whatever else has its name.
 */
export async function removeUpload(
  client: SwiftClient,
  container: string,
  uploadId: string,
  segments: readonly Segment[],
  signal: AbortSignal | undefined,
): Promise<void> {
  // Also what is not there yet: the server ignores a request that arrives with an older time.
  const objects = new Set(segments.map(({ object }) => object));
  for await (const { name } of client.list(container, { prefix: SEGMENTS + uploadId, signal })) {
    if (name !== undefined) objects.add(name);
  }
  await deleteObjects(client, container, [...objects], signal);
}

/** The name of a segment; the names' order is that of the numbers, from 1. */
export function segmentName(prefix: string, number: number): string {
  return prefix + String(number).padStart(8, "0");
}

/**
 * Writes the manifest, and with it the image: whole or not at all. Throws `Duplicate`.
 *
 * More than `limit` segments make a manifest of manifests; from a server that refuses that (radosgw
 * does), a dynamic one, which has no limit.
 */
export async function putManifest(
  client: SwiftClient,
  large: LargeObject,
  limit: number = MANIFEST_LIMIT,
): Promise<void> {
  const { container, object, prefix, type, segments, headers } = large;
  if (type === "slo" && segments.length <= limit) {
    return await putStatic(client, container, object, segments, headers);
  }
  if (type === "slo" && await putNested(client, large, limit)) return;
  const manifest = objectPath(container, prefix).slice(1);
  await client.ask({
    method: "PUT",
    container,
    object,
    headers: { ...headers, "x-object-manifest": manifest, "if-none-match": "*" },
    body: [],
  });
}

/** Writes a manifest of manifests; resolves to false where the server refuses that. */
async function putNested(
  client: SwiftClient,
  { container, object, prefix, segments, headers }: LargeObject,
  limit: number,
): Promise<boolean> {
  // Not below the prefix: a dynamic manifest would take them for segments.
  const home = prefix.replace(/\/$/, "-manifests/");
  const count = Math.ceil(segments.length / limit);
  const manifests = Array.from({ length: count }, (_, i) => ({
    object: segmentName(home, i + 1),
    segments: segments.slice(i * limit, (i + 1) * limit),
  }));
  const expiry = headers["x-delete-at"];
  const inner: Record<string, string> = expiry ? { "x-delete-at": expiry } : {};
  const entries = await poolMap(
    manifests,
    AT_ONCE,
    async ({ object, segments }): Promise<Segment> => {
      await putStatic(client, container, object, segments, inner);
      const size = segments.reduce((sum, { size }) => sum + size, 0);
      // The entity tag of a static large object is the md5 of its segments' md5, as text.
      const etags = new TextEncoder().encode(segments.map(({ etag }) => etag).join(""));
      return { object, size, etag: await md5Of([etags]) };
    },
  );
  try {
    await putStatic(client, container, object, entries, headers);
    return true;
  } catch (error) {
    if (!(error instanceof BackendException)) throw error;
    await deleteObjects(client, container, manifests.map(({ object }) => object));
    return false;
  }
}

async function putStatic(
  client: SwiftClient,
  container: string,
  object: string,
  segments: readonly Segment[],
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const manifest = segments.map(({ object, size, etag }) => ({
    path: `/${container}/${object}`,
    size_bytes: size,
    etag,
  }));
  await client.ask({
    method: "PUT",
    container,
    object,
    query: { "multipart-manifest": "put" },
    headers: { ...headers, "if-none-match": "*" },
    body: [new TextEncoder().encode(JSON.stringify(manifest))],
    slow: true,
  });
}

/** The md5 of bytes, in hex. */
export async function md5Of(chunks: readonly Bytes[]): Promise<string> {
  const { createDigests } = await import("../../streams/digest/mod.ts");
  const sizeHint = chunks.reduce((sum, { length }) => sum + length, 0);
  const digests = await createDigests(["md5"], { sizeHint });
  try {
    for (const chunk of chunks) await digests.update(chunk);
    return (await digests.digest())["md5"]!;
  } finally {
    digests.close();
  }
}

/** What Swift answers to bulk deletes. */
interface BulkAnswer {
  "Response Status"?: string;
  Errors?: [string, string][];
}

/**
 * Deletes objects that may be there or not: in one request where the server knows how, else one by
 * one, side by side. Throws where one could not be deleted, after having tried all.
 */
export async function deleteObjects(
  client: SwiftClient,
  container: string,
  objects: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  let failure: unknown;
  for (let at = 0; at < objects.length; at += MANIFEST_LIMIT) {
    const batch = objects.slice(at, at + MANIFEST_LIMIT);
    if (batch.length > 1 && await bulkDelete(client, container, batch, signal)) continue;
    const errors = await poolMap(
      batch,
      AT_ONCE,
      (object) => deleteObject(client, container, object, signal).catch((error) => error),
    );
    failure ??= errors.find((error) => error !== undefined);
  }
  if (failure !== undefined) throw failure;
}

async function bulkDelete(
  client: SwiftClient,
  container: string,
  objects: readonly string[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const lines = objects.map((object) => objectPath(container, object).slice(1)).join("\n");
  try {
    const answer = await client.json<BulkAnswer>({
      method: "POST",
      container: undefined,
      query: { "bulk-delete": "" },
      headers: { "content-type": "text/plain" },
      body: [new TextEncoder().encode(lines)],
      retry: "always",
      accept: [200],
      slow: true,
      signal,
    });
    return /^(200|404)/.test(answer["Response Status"] ?? "") && answer.Errors?.length === 0;
  } catch (error) {
    signal?.throwIfAborted();
    // Whatever the reason, the objects are tried one by one, which says it for each.
    if (error instanceof StoreError) return false;
    throw error;
  }
}

/** Deletes an object that was seen: an answer may be lost, and what is sent again finds nothing. */
export async function deleteObject(
  client: SwiftClient,
  container: string,
  object: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await client.ask({ method: "DELETE", container, object, accept: [200, 204, 404], signal });
}

/** Deletes a static large object that was seen, with all its segments. */
export async function deleteStatic(
  client: SwiftClient,
  container: string,
  object: string,
  signal?: AbortSignal,
): Promise<void> {
  const answer = await client.json<BulkAnswer & { "Number Not Found"?: number }>({
    method: "DELETE",
    container,
    object,
    query: { "multipart-manifest": "delete" },
    accept: [200],
    slow: true,
    signal,
  });
  const [failure] = answer.Errors ?? [];
  const status = failure?.[1] ?? answer["Response Status"] ?? "";
  if (/^(401|403)/.test(status)) throw new Forbidden(`a segment could not be deleted: ${status}`);
  if (failure || !/^(200|404)/.test(status)) {
    throw new BackendException(`the image could not be deleted whole: ${status}`);
  }
}

/**
 * Deletes a dynamic large object that was seen, with all its segments. The manifest goes first:
 * without some of its segments the image would look whole, and shorter.
 */
export async function deleteDynamic(
  client: SwiftClient,
  container: string,
  object: string,
  manifest: string,
  signal?: AbortSignal,
): Promise<void> {
  const { container: home, prefix } = readManifest(manifest);
  const segments: string[] = [];
  for await (const { name = "" } of client.list(home, { prefix, signal })) {
    // Among images, one may only be called like a segment: `a-b` is none of `a`.
    if (home !== container || /^\d+$/.test(name.slice(prefix.length))) segments.push(name);
  }
  await deleteObject(client, container, object, signal);
  try {
    await deleteObjects(client, home, segments, signal);
  } catch (cause) {
    throw new BackendException(
      `the image is deleted, but not all of its segments at ${home}/${prefix}`,
      { cause },
    );
  }
}

/** Container and prefix that an `X-Object-Manifest` names. */
export function readManifest(manifest: string): { container: string; prefix: string } {
  const text = decodePercentIfEncoded(manifest);
  const slash = text.indexOf("/");
  return { container: text.slice(0, slash), prefix: text.slice(slash + 1) };
}
