/**
 * Writing the manifest of a large object, and with it the image: whole or not at all
 * (https://docs.openstack.org/swift/latest/overview_large_objects.html).
 *
 * @module
 */
import { BackendException } from "../../errors/mod.ts";
import { poolMap } from "../../streams/pool_map.ts";
import { objectPath, type SwiftClient } from "./client.ts";
import { deleteObjects } from "./delete_objects.ts";
import { etagOfSegments } from "./etag.ts";
import { manifestOf } from "./manifest.ts";
import { manifestPrefix, segmentName } from "./object_names.ts";

/** How many segments a manifest names at most, as Swift and radosgw come configured. */
export const MANIFEST_LIMIT = 1000;

/** How many inner manifests are written at once. */
const CONCURRENCY = 8;

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
  /** What the names of its segments begin with. */
  prefix: string;
  /** Its segments, in order. */
  segments: readonly Segment[];
  /** Whether the manifest names each segment, or their prefix. */
  type: "slo" | "dlo";
  /** Headers of the manifest. */
  headers: Readonly<Record<string, string>>;
}

/** What is known of static manifests on a server: whether it has them, and compares their ETag. */
export interface StaticSupport {
  /** `etag` if it compares, `plain` if not, `none` if it has none. Default: not known yet. */
  mode?: "etag" | "plain" | "none";
}

/**
 * Writes the manifest.
 *
 * More than `limit` segments make a manifest of manifests. A server that refuses that (as radosgw does),
 * or that has no static manifests, gets a dynamic one, which has no limit.
 *
 * @param client The client of the account.
 * @param large What the manifest joins.
 * @param support What is known of the server, which is brought up to date.
 * @param limit How many segments a manifest names at most.
 * @returns The kind of manifest that was written.
 * @throws {Duplicate} If the image exists.
 */
export async function putManifest(
  client: SwiftClient,
  large: LargeObject,
  support: StaticSupport = {},
  limit: number = MANIFEST_LIMIT,
): Promise<"slo" | "dlo"> {
  const { container, object, prefix, type, segments, headers } = large;
  if (type === "slo") {
    const isPut = segments.length <= limit
      ? await putStatic(client, large, segments, support)
      : await putNested(client, large, support, limit);
    if (isPut) return "slo";
  }
  const manifest = objectPath(container, prefix).slice(1);
  await client.send({
    method: "PUT",
    container,
    object,
    headers: { ...headers, "x-object-manifest": manifest, "if-none-match": "*" },
    body: [],
  });
  return "dlo";
}

/** Writes a manifest of manifests. Resolves to `false` where the server refuses that. */
async function putNested(
  client: SwiftClient,
  large: LargeObject,
  support: StaticSupport,
  limit: number,
): Promise<boolean> {
  const { container, prefix, segments, headers } = large;
  const home = manifestPrefix(prefix);
  const count = Math.ceil(segments.length / limit);
  const manifests = Array.from({ length: count }, (_, i) => ({
    object: segmentName(home, i + 1),
    segments: segments.slice(i * limit, (i + 1) * limit),
  }));
  const expiry = headers["x-delete-at"];
  const inner: Record<string, string> = expiry ? { "x-delete-at": expiry } : {};
  try {
    const entries = await poolMap(manifests, CONCURRENCY, async ({ object, segments }) => {
      const manifest = { ...large, object, headers: inner };
      const isPut = await putStatic(client, manifest, segments, support);
      const size = segments.reduce((sum, { size }) => sum + size, 0);
      const etag = await etagOfSegments(segments.map(({ etag }) => etag));
      return isPut ? [{ object, size, etag }] : [];
    });
    if (entries.every(({ length }) => length > 0)) {
      if (await putStatic(client, large, entries.flat(), support)) return true;
    }
  } catch (error) {
    if (!(error instanceof BackendException)) throw error;
  }
  await deleteObjects(client, container, manifests.map(({ object }) => object));
  return false;
}

/** Writes a static manifest. Resolves to `false` where the server has none; then nothing is written. */
async function putStatic(
  client: SwiftClient,
  { container, object, prefix, headers }: LargeObject,
  segments: readonly Segment[],
  support: StaticSupport,
): Promise<boolean> {
  const manifest = segments.map(({ object, size, etag }) => ({
    path: `/${container}/${object}`,
    size_bytes: size,
    etag,
  }));
  const body = [new TextEncoder().encode(JSON.stringify(manifest))];
  // A server without static manifests would store the document itself as the image. It is the md5 of the
  // document that it compares with this, and so refuses it.
  const etag = await etagOfSegments(segments.map(({ etag }) => etag));
  const put = (object: string, more: Record<string, string>) =>
    client.send({
      method: "PUT",
      container,
      object,
      query: { "multipart-manifest": "put" },
      headers: { ...headers, ...more },
      body,
      slow: true,
      accept: [201, 202, 422],
    });
  if (support.mode === undefined || support.mode === "etag") {
    const { status } = await put(object, { "if-none-match": "*", etag });
    if (status !== 422) {
      support.mode = "etag";
      return true;
    }
    // radosgw has static manifests and compares another ETag. Where none is seen, it is tried out, under
    // a name of its own, as several manifests are written at once.
    const probe = `${manifestPrefix(prefix)}probe-${crypto.randomUUID()}`;
    try {
      await put(probe, {});
      const stored = await client.send({ method: "HEAD", container, object: probe });
      support.mode = manifestOf(stored.headers).type === "static" ? "plain" : "none";
    } finally {
      await client.delete({ container, object: probe });
    }
  }
  if (support.mode === "none") return false;
  const { status } = await put(object, { "if-none-match": "*" });
  if (status === 422) throw new BackendException("the server refuses the manifest (422)");
  return true;
}
