/**
 * Segments and locks of uploads that came to nothing, because the process that made them died.
 *
 * A manifest in any container of the account may refer to the segments of an upload, so that all are
 * looked at. What cannot be judged is reported, and nothing is removed that it may refer to.
 *
 * @module
 */
import { BackendException, NotFound, StoreError } from "../../errors/mod.ts";
import type { Leftover, ScanOptions } from "../../store/types.ts";
import { poolMap } from "../../streams/pool_map.ts";
import type { SwiftClient } from "./client.ts";
import { deleteUpload } from "./delete_objects.ts";
import { etagOfSegments } from "./etag.ts";
import { EMPTY_MD5, type Listed } from "./listed.ts";
import { manifestOf, readManifest } from "./manifest.ts";
import { LOCKS, markerAfterSegments, segmentPrefix, SEGMENTS, uploadIdOf } from "./object_names.ts";
import { UPLOAD } from "./stat.ts";

/** How many objects are looked at before the next are listed. */
const BATCH = 64;

/** What is known of an upload by its segments. */
interface Upload {
  container: string;
  id: string;
  /** When its last segment was sent, or `undefined` if that is not known of one. */
  since: Date | undefined;
  /** Size of all segments, in bytes, or `undefined` if that of one is not known. */
  size: number | undefined;
  /** Size of the smallest segment, in bytes. */
  least: number;
  /** ETags of the segments and of the inner manifests, in the order of their numbers. */
  etags: { segments: string[]; manifests: string[] };
}

/** Options of {@linkcode listLeftovers}. */
export interface LeftoverOptions extends ScanOptions {
  /** The ids of the uploads of this store that are under way. */
  underway: ReadonlySet<string>;
  /** How many objects are looked at at once. */
  concurrency: number;
}

/**
 * Lists the uploads of some containers that no image is made of, and the locks that nobody renews.
 *
 * @param client The client of the account.
 * @param containers The containers of the store.
 * @param options What is under way, and what is called with what cannot be judged.
 * @returns The leftovers. Their dates are those of our own clock.
 */
export async function* listLeftovers(
  client: SwiftClient,
  containers: AsyncIterable<string>,
  options: LeftoverOptions,
): AsyncGenerator<Leftover> {
  const { onSkipped, signal } = options;
  const uploads = new Map<string, Upload>();
  for await (const container of containers) {
    try {
      // Before the images: what is completed meanwhile is found to be one.
      for (const upload of await uploadsOf(client, container, options)) {
        uploads.set(keyOf(container, upload.id), upload);
      }
      yield* locksOf(client, container, options);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      signal?.throwIfAborted();
      onSkipped({ path: container, reason: error });
    }
  }
  await withoutImages(client, uploads, options);
  for (const { container, id, since, size } of uploads.values()) {
    yield {
      path: `${container}/${SEGMENTS}${id}`,
      kind: "upload",
      since: byOurClock(client, since),
      size,
      remove: () => deleteUpload(client, container, id, [], signal),
    };
  }
}

function keyOf(container: string, id: string): string {
  return `${container}/${id}`;
}

/** Ages are computed by our clock, which may differ from the server's. */
function byOurClock({ clockOffset }: SwiftClient, date: Date | undefined): Date | undefined {
  return date && new Date(date.getTime() - clockOffset);
}

/** Returns the uploads that have segments in a container. */
async function uploadsOf(
  client: SwiftClient,
  container: string,
  { underway, signal }: LeftoverOptions,
): Promise<Iterable<Upload>> {
  const uploads = new Map<string, Upload>();
  for await (const entry of client.list(container, { prefix: SEGMENTS, signal })) {
    const { name, bytes, modified, hash = "" } = entry;
    const id = uploadIdOf(name);
    if (id === undefined || underway.has(id)) continue;
    const found = uploads.get(id);
    const upload = found ?? {
      ...{ container, id, since: modified, size: 0, least: Infinity },
      etags: { segments: [], manifests: [] },
    };
    if (modified === undefined || upload.since === undefined) upload.since = undefined;
    else if (modified > upload.since) upload.since = modified;
    if (name.startsWith(segmentPrefix(id))) {
      upload.size = add(upload.size, bytes);
      upload.least = Math.min(upload.least, bytes ?? 0);
      upload.etags.segments.push(hash);
    } else {
      // An inner manifest is listed with the size of its segments.
      upload.etags.manifests.push(entry.largeEtag ?? hash);
    }
    uploads.set(id, upload);
  }
  return uploads.values();
}

/** Adds sizes of which each may be unknown. */
function add(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}

/** Lists the locks of a container. A living owner renews its lock every few seconds. */
async function* locksOf(
  client: SwiftClient,
  container: string,
  { underway, signal }: LeftoverOptions,
): AsyncGenerator<Leftover> {
  for await (const { name, modified } of client.list(container, { prefix: LOCKS, signal })) {
    if (underway.has(name.slice(name.lastIndexOf("/") + 1))) continue;
    yield {
      path: `${container}/${name}`,
      kind: "lock",
      since: byOurClock(client, modified),
      remove: async () => void await client.delete({ container, object: name, signal }),
    };
  }
}

/** Takes the uploads away that images are made of, or may be made of. */
async function withoutImages(
  client: SwiftClient,
  uploads: Map<string, Upload>,
  options: LeftoverOptions,
): Promise<void> {
  if (uploads.size === 0) return;
  const { onSkipped, signal } = options;
  const containers: string[] = [];
  try {
    for await (const { name } of client.list(undefined, { signal })) containers.push(name);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    signal?.throwIfAborted();
    // Somebody who may not list the account cannot know what refers to the segments.
    for (const key of uploads.keys()) onSkipped({ path: key, reason: error });
    return uploads.clear();
  }
  // Most images name their upload, so that their manifests need not be read if that is all.
  for (const reads of ["metadata", "manifests"] as const) {
    for (const container of containers) {
      if (uploads.size === 0) return;
      try {
        await searchContainer(client, container, uploads, reads, options);
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        signal?.throwIfAborted();
        if (reads === "metadata") continue;
        if (error instanceof NotFound && !await isListed(client, undefined, container)) continue;
        // What is in it is not known, so that it may refer to any upload.
        onSkipped({ path: container, reason: error });
        uploads.clear();
      }
    }
  }
}

/** Looks at the objects of a container, and takes the uploads away that they refer to. */
async function searchContainer(
  client: SwiftClient,
  container: string,
  uploads: Map<string, Upload>,
  reads: "metadata" | "manifests",
  { concurrency, signal, onSkipped }: LeftoverOptions,
): Promise<void> {
  const flush = (batch: readonly Listed[]) =>
    poolMap(batch, concurrency, async (entry) => {
      if (uploads.size === 0) return;
      try {
        for (const key of await uploadsNamedBy(client, container, entry.name, uploads, reads)) {
          uploads.delete(key);
        }
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        signal?.throwIfAborted();
        if (reads === "metadata") return;
        onSkipped({ path: `${container}/${entry.name}`, reason: error });
        for (const key of await uploadsMaybeNamedBy(entry, uploads)) uploads.delete(key);
      }
    });
  let batch: Listed[] = [];
  const listing = client.list(container, { signal, skip: markerAfterSegments, strict: true });
  for await (const entry of listing) {
    if (uploads.size === 0) return;
    // Those that the listing shows as manifests. Swift before 2.18 does not show static ones.
    const isManifest = entry.largeEtag !== undefined || entry.hash === EMPTY_MD5;
    if (reads === "metadata" && !isManifest) continue;
    batch.push(entry);
    if (batch.length < BATCH) continue;
    await flush(batch);
    batch = [];
  }
  await flush(batch);
}

/**
 * Returns the keys of the uploads that an object refers to.
 *
 * @throws {StoreError} If that cannot be known.
 */
async function uploadsNamedBy(
  client: SwiftClient,
  container: string,
  object: string,
  uploads: ReadonlyMap<string, Upload>,
  reads: "metadata" | "manifests",
): Promise<string[]> {
  // Of a symlink it is the link that is looked at. Its target is an object of its own.
  const head = {
    ...{ method: "HEAD", container, object, query: { symlink: "get" } },
    accept: [200, 204, 404],
  };
  let { status, headers } = await client.send(head);
  if (status === 404) {
    // One server may miss what others have.
    ({ status, headers } = await client.send({ ...head, headers: { "x-newest": "true" } }));
  }
  if (status === 404) {
    if (!await isListed(client, container, object)) return [];
    throw new BackendException("it is listed, but cannot be read: it has expired, or is damaged");
  }
  const manifest = manifestOf(headers);
  if (manifest.type === "none") return [];
  if (manifest.type === "dynamic") {
    const { container, prefix } = manifest;
    return [...uploads.values()].filter((upload) => {
      const own = segmentPrefix(upload.id);
      return upload.container === container && (own.startsWith(prefix) || prefix.startsWith(own));
    }).map(({ id }) => keyOf(container, id));
  }
  const id = headers.get(UPLOAD);
  const named = id === null ? [] : [keyOf(container, id)];
  if (reads === "metadata") return named;
  const entries = await readManifest(client, container, object, undefined);
  if (entries === undefined) {
    // radosgw does not show manifests. It shows the metadata that a copy keeps.
    if (id === null) throw new BackendException("the server does not show its manifest");
    return [...uploads.values()].filter((upload) => upload.id === id).map(({ container }) =>
      keyOf(container, id)
    );
  }
  return entries.map(({ container = "", object = "" }) =>
    keyOf(container, uploadIdOf(object) ?? "")
  );
}

/** Returns whether a listing has a name. Of the names that begin with it, it comes first. */
async function isListed(
  client: SwiftClient,
  container: string | undefined,
  prefix: string,
): Promise<boolean> {
  for await (const { name } of client.list(container, { prefix, strict: true })) {
    return name === prefix;
  }
  return false;
}

/** Returns the keys of the uploads that an object may refer to, by what the listing says of it. */
async function uploadsMaybeNamedBy(
  { bytes = Infinity, hash, largeEtag }: Listed,
  uploads: ReadonlyMap<string, Upload>,
): Promise<string[]> {
  const keys: string[] = [];
  for (const [key, { etags, least }] of uploads) {
    const parts = etags.manifests.length > 0 ? etags.manifests : etags.segments;
    // The whole of an upload and nothing else: it refers to no other one.
    if (largeEtag !== undefined && largeEtag === await etagOfSegments(parts)) return [key];
    // A dynamic manifest is listed as empty; a static one with the size of its segments.
    if (hash === EMPTY_MD5 || hash === undefined || bytes >= least) keys.push(key);
  }
  return keys;
}
