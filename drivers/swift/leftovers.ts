/**
 * Segments of uploads that came to nothing, because whoever made them died.
 *
 * @module
 */
import { NotFound } from "../../errors/mod.ts";
import type { Leftover } from "../../store/types.ts";
import type { SwiftClient } from "./client.ts";
import { readManifest, removeUpload } from "./large_objects.ts";
import { EMPTY, modifiedOf } from "./listing.ts";
import { UPLOAD } from "./metadata.ts";
import { pastSegments, SEGMENTS, uploadIdOf } from "./names.ts";
import { poolMap } from "../../streams/pool_map.ts";

/** How many manifests are looked at before the next are listed. */
const BATCH = 64;

/** What is known of an upload by its segments. */
interface Found {
  since: Date;
  size: number;
}

/** What an image is made of cannot be told. */
class Unknown extends Error {}

/**
 * The uploads of one container that no image is made of, but for those `underway`. Nothing where that
 * cannot be told of every image.
 */
export async function* leftovers(
  client: SwiftClient,
  container: string,
  options: {
    underway: ReadonlySet<string>;
    concurrency: number;
    signal: AbortSignal | undefined;
  },
): AsyncGenerator<Leftover> {
  const { underway, concurrency, signal } = options;
  let uploads: Map<string, Found>;
  try {
    // Before the images: what is completed meanwhile is found to be one.
    uploads = await uploadsOf(client, container, signal);
    for (const id of underway) uploads.delete(id);
    await withoutImages(client, container, uploads, concurrency, signal);
  } catch (error) {
    // A cluster that is being repaired may deny for a while what it holds.
    if (error instanceof Unknown || error instanceof NotFound) return;
    throw error;
  }
  for (const [id, { since, size }] of uploads) {
    yield {
      path: `${container}/${SEGMENTS}${id}`,
      kind: "upload",
      since,
      size,
      remove: () => removeUpload(client, container, id, [], signal),
    };
  }
}

/** The uploads that have segments, by id. */
async function uploadsOf(
  client: SwiftClient,
  container: string,
  signal: AbortSignal | undefined,
): Promise<Map<string, Found>> {
  const uploads = new Map<string, Found>();
  for await (const entry of client.list(container, { prefix: SEGMENTS, signal })) {
    const { name = "", bytes = 0 } = entry;
    const id = uploadIdOf(name);
    if (id === undefined) continue;
    const modified = modifiedOf(entry) ?? new Date();
    const found = uploads.get(id) ?? { since: modified, size: 0 };
    if (modified > found.since) found.since = modified;
    // An inner manifest is listed with the size of its segments.
    if (!name.includes("-manifests/")) found.size += bytes;
    uploads.set(id, found);
  }
  return uploads;
}

/** Takes the uploads away that images are made of. */
async function withoutImages(
  client: SwiftClient,
  container: string,
  uploads: Map<string, Found>,
  concurrency: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const look = (manifests: readonly string[]) =>
    poolMap(manifests, concurrency, async (object) => {
      for (const id of await madeOf(client, container, object, signal)) uploads.delete(id);
    });
  // Those first that the listing calls manifests: where all uploads are images', they are enough. Of
  // manifests that a Swift before 2.18 has put, the listing does not tell that they are some.
  for (const told of [true, false]) {
    let batch: string[] = [];
    for await (
      const { name, hash, slo_etag } of client.list(container, {
        signal,
        skip: pastSegments,
        strict: true,
      })
    ) {
      if (uploads.size === 0) return;
      const isTold = slo_etag !== undefined || hash === EMPTY;
      if (name === undefined || isTold !== told) continue;
      batch.push(name);
      if (batch.length < BATCH) continue;
      await look(batch);
      batch = [];
    }
    await look(batch);
  }
}

/** The uploads that an object is made of. Throws `Unknown` where the server does not tell. */
async function madeOf(
  client: SwiftClient,
  container: string,
  object: string,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const request = { container, object, signal };
  const head = { ...request, method: "HEAD", accept: [200, 204, 404] };
  let { status, headers } = await client.ask(head);
  if (status === 404) {
    // One server may miss what others have.
    ({ status, headers } = await client.ask({ ...head, headers: { "x-newest": "true" } }));
  }
  if (status === 404) {
    // Of the names that begin so, its own would come first.
    for await (const { name } of client.list(container, { prefix: object, signal, strict: true })) {
      if (name === object) throw new Unknown();
      break;
    }
    return [];
  }
  const dynamic = headers.get("x-object-manifest");
  if (dynamic !== null) return [uploadIdOf(readManifest(dynamic).prefix) ?? ""];
  if (headers.get("x-static-large-object")?.toLowerCase() !== "true") return [];
  const id = headers.get(UPLOAD);
  if (id !== null) return [id];
  // Somebody has replaced the metadata.
  const response = await client.send({ ...request, query: { "multipart-manifest": "get" } });
  const text = await response.text(67_108_864);
  if (text === "") throw new Unknown();
  const entries: { name?: string }[] = JSON.parse(text);
  return entries.map(({ name = "" }) => uploadIdOf(name.slice(`/${container}/`.length)) ?? "");
}
