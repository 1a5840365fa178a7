/**
 * Deleting images: the object itself, and the segments that only it is made of.
 *
 * @module
 */
import { BackendException, Forbidden, NotFound, StoreError } from "../../errors/mod.ts";
import { poolMap } from "../../streams/pool_map.ts";
import type { SwiftClient } from "./client.ts";
import { deleteObjects, parseBulkResult } from "./delete_objects.ts";
import type { SwiftLocation } from "./location.ts";
import { type Manifest, manifestOf, MAX_MANIFESTS, readManifest } from "./manifest.ts";

/** How many images are deleted before the next are listed. */
const BATCH = 64;

/** The container and the name of an object. */
type ObjectName = Pick<SwiftLocation, "container" | "object">;

/**
 * Deletes an image. It does not have to be whole. Of a symlink only the link is deleted.
 *
 * @param client The client of the account.
 * @param image The container and the object of the image.
 * @param signal Ends the work.
 * @throws {NotFound} If there is no such image, or another request has deleted it first.
 * @throws {Forbidden} If a segment may not be deleted.
 */
export async function deleteImage(
  client: SwiftClient,
  { container, object }: ObjectName,
  signal: AbortSignal | undefined,
): Promise<void> {
  // Without the query it would be the target of a symlink that is looked at, and its segments deleted.
  const query = { symlink: "get" };
  const { headers } = await client.send({ method: "HEAD", container, object, query, signal });
  const manifest = headers.has("x-symlink-target") ? NONE : manifestOf(headers);
  const image = { container, object };
  const isDeleted = manifest.type === "static"
    ? await deleteStatic(client, image, signal)
    : manifest.type === "dynamic"
    ? await deleteDynamic(client, image, manifest, signal)
    : await client.delete({ container, object, signal });
  if (!isDeleted) throw new NotFound("the image has been deleted by another request");
}

/** What an object is that refers to no segments. */
const NONE: Manifest = { type: "none" };

/**
 * Deletes images, several at once. Missing ones are ignored.
 *
 * @param locations The images.
 * @param concurrency How many are deleted at once.
 * @param remove Deletes one image.
 * @param onMissing Called with each image that there is not.
 */
export async function deleteImages(
  locations: AsyncIterable<SwiftLocation>,
  concurrency: number,
  remove: (location: SwiftLocation) => Promise<void>,
  onMissing: (location: SwiftLocation) => void,
): Promise<void> {
  const flush = (batch: readonly SwiftLocation[]) =>
    poolMap(batch, concurrency, (location) => {
      return remove(location).catch((error) => {
        if (error instanceof NotFound) return onMissing(location);
        throw error instanceof StoreError ? error.at({ path: location.object }) : error;
      });
    });
  let batch: SwiftLocation[] = [];
  for await (const location of locations) {
    batch.push(location);
    if (batch.length < BATCH) continue;
    await flush(batch);
    batch = [];
  }
  await flush(batch);
}

/**
 * Deletes a static large object with its segments. The manifest goes first: without some of its segments
 * the image would be there and could not be read. Of several requests at once, one deletes it.
 */
async function deleteStatic(
  client: SwiftClient,
  image: ObjectName,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const segments = await collectSegments(client, image, signal);
  if (segments === undefined) return await deleteByServer(client, image, signal);
  if (!await client.delete({ ...image, signal })) return false;
  for (const [container, objects] of segments) {
    await deleteSegments(client, container, [...objects], signal);
  }
  return true;
}

/**
 * Collects the segments of a static large object and the manifests among them, each once, though they
 * may refer to each other, or be missing.
 *
 * @returns The names by container, or `undefined` if the server does not show the manifest.
 */
async function collectSegments(
  client: SwiftClient,
  image: ObjectName,
  signal: AbortSignal | undefined,
): Promise<Map<string, Set<string>> | undefined> {
  const found = new Map<string, Set<string>>([[image.container, new Set([image.object])]]);
  const manifests = [image];
  for (let at = 0; at < manifests.length && at < MAX_MANIFESTS; at++) {
    const { container, object } = manifests[at]!;
    const entries = await readManifest(client, container, object, signal).catch((error) => {
      if (error instanceof NotFound && at > 0) return [];
      throw error;
    });
    if (entries === undefined) return undefined;
    for (const { container, object, isManifest } of entries) {
      if (container === undefined || object === undefined) continue;
      const objects = found.get(container) ?? new Set();
      if (objects.has(object)) continue;
      found.set(container, objects.add(object));
      if (isManifest) manifests.push({ container, object });
    }
  }
  found.get(image.container)!.delete(image.object);
  return found;
}

/** Lets the server delete a large object whose manifest it does not show, as radosgw does not. */
async function deleteByServer(
  client: SwiftClient,
  { container, object }: ObjectName,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const response = await client.json({
    method: "DELETE",
    container,
    object,
    query: { "multipart-manifest": "delete" },
    accept: [200],
    slow: true,
    signal,
  });
  const { status, errors } = parseBulkResult(response);
  if (/^(200|404)/.test(status) && errors.length === 0) return true;
  const reason = errors[0] ?? status;
  if (/^(401|403)/.test(reason)) throw new Forbidden(`a segment could not be deleted: ${reason}`);
  throw new BackendException(`the image could not be deleted whole: ${reason || "no result"}`);
}

/**
 * Deletes a dynamic large object with its segments. The manifest goes first: without some of its
 * segments the image would look whole, and shorter.
 */
async function deleteDynamic(
  client: SwiftClient,
  { container, object }: ObjectName,
  { container: home, prefix }: { container: string; prefix: string },
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const segments: string[] = [];
  for await (const { name } of client.list(home, { prefix, signal })) {
    // Without a prefix, everything in the container would count as segments.
    if (prefix === "") break;
    // Among images, one may only be called like a segment: `a-b` is none of `a`.
    if (home !== container || /^\d+$/.test(name.slice(prefix.length))) segments.push(name);
  }
  if (!await client.delete({ container, object, signal })) return false;
  await deleteSegments(client, home, segments, signal);
  return true;
}

async function deleteSegments(
  client: SwiftClient,
  container: string,
  segments: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await deleteObjects(client, container, segments, signal);
  } catch (cause) {
    throw new BackendException(
      `the image is deleted, but not all of its segments in the container ${container}`,
      { cause },
    );
  }
}
