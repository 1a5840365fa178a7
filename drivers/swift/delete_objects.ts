/**
 * Deleting many objects, in one request where the server can.
 *
 * @module
 */
import { StoreError } from "../../errors/mod.ts";
import { poolMap } from "../../streams/pool_map.ts";
import { objectPath, type SwiftClient } from "./client.ts";
import { SEGMENTS } from "./object_names.ts";

/** How many objects one request deletes at most. */
const BATCH = 1000;

/** How many single requests are under way at once. */
const CONCURRENCY = 8;

/** What Swift's bulk middleware responds: https://docs.openstack.org/swift/latest/middleware.html#bulk */
export interface BulkResult {
  /** The status of the whole. */
  status: string;
  /** The status of each object that could not be deleted. */
  errors: readonly string[];
}

/**
 * Parses the result of a bulk delete. One that is malformed has the status `""`, which is no success.
 *
 * @param value What the server sent.
 * @returns The result.
 */
export function parseBulkResult(value: unknown): BulkResult {
  const { "Response Status": status, Errors: errors } = (value ?? {}) as Record<string, unknown>;
  if (typeof status !== "string" || !Array.isArray(errors)) return { status: "", errors: [] };
  return {
    status,
    errors: errors.map((error) => Array.isArray(error) ? `${error[1]}` : `${error}`),
  };
}

/**
 * Deletes objects that may or may not be there: in one request where the server can, else one by one,
 * side by side.
 *
 * @param client The client of the account.
 * @param container The container of the objects.
 * @param objects Their names.
 * @param signal Ends the work.
 * @throws {StoreError} If an object could not be deleted, after all have been tried.
 */
export async function deleteObjects(
  client: SwiftClient,
  container: string,
  objects: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  let failure: unknown;
  for (let at = 0; at < objects.length; at += BATCH) {
    const batch = objects.slice(at, at + BATCH);
    if (batch.length > 1 && await bulkDelete(client, container, batch, signal)) continue;
    const errors = await poolMap(
      batch,
      CONCURRENCY,
      (object) => client.delete({ container, object, signal }).then(() => {}, (error) => error),
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
    const response = await client.json({
      method: "POST",
      query: { "bulk-delete": "" },
      headers: { "content-type": "text/plain" },
      body: [new TextEncoder().encode(lines)],
      retry: "always",
      accept: [200],
      slow: true,
      signal,
    });
    const { status, errors } = parseBulkResult(response);
    return /^(200|404)/.test(status) && errors.length === 0;
  } catch (error) {
    signal?.throwIfAborted();
    // Whatever the reason, the objects are tried one by one, which shows it for each.
    if (error instanceof StoreError) return false;
    throw error;
  }
}

/**
 * Deletes what an upload left that came to nothing: the segments that are known to have been begun, and
 * whatever else has its name.
 *
 * @param client The client of the account.
 * @param container The container of the upload.
 * @param uploadId The id of the upload.
 * @param segments The names of the segments that were begun.
 * @param signal Ends the work.
 */
export async function deleteUpload(
  client: SwiftClient,
  container: string,
  uploadId: string,
  segments: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  // Also what is not there yet: the server ignores a request that arrives with an older time.
  const objects = new Set(segments);
  for await (const { name } of client.list(container, { prefix: SEGMENTS + uploadId, signal })) {
    objects.add(name);
  }
  await deleteObjects(client, container, [...objects], signal);
}
