/**
 * Listings of directories: by the index of the server, or else by a checksum file.
 *
 * @module
 */
import {
  BackendException,
  InvalidImageId,
  NotFound,
  StoreListNotSupported,
} from "../../errors/mod.ts";
import { checkImageId } from "../../location/mod.ts";
import { entriesBelow } from "../../store/listing.ts";
import type { ListEntry, ScanOptions } from "../../store/types.ts";
import { poolMap } from "../../streams/pool_map.ts";
import type { HttpRequest } from "../../transport/request.ts";
import type { HttpResponse } from "../../transport/response.ts";
import { DIRECTORY_FILES, parseChecksums } from "./checksum_files.ts";
import type { HttpClient } from "./client.ts";
import type { HttpLocation } from "./location.ts";
import { type IndexEntry, parseHtmlIndex, parseJsonIndex } from "./index_page.ts";

/** The largest index that is read, in bytes: some 250,000 names. */
const INDEX_LIMIT = 33_554_432;
/** The largest checksum file that is read, in bytes. */
export const CHECKSUMS_LIMIT = 4_194_304;
/** JSON first, which has sizes and dates. */
const ACCEPT = "application/json, text/html;q=0.9, */*;q=0.8";
/** The statuses of directories without an index. */
const STATUSES = [200, 403, 404, 405, 410];
/** How many entries are requested at once to find out whether they are directories. */
const PROBES = 8;
/** Directories that are deeper are not listed: links lead back to where they are. */
const MAX_DEPTH = 64;
/** How many directories inside each other may have the same index, and as many of one name. */
const MAX_REPEATS = 2, MAX_REPEATS_OF_ONE = 16;

/** A directory, and those that it is in. */
interface Place {
  /** Its path, without a trailing slash. */
  path: string;
  /** The indexes of the directories that it is in, from the top. */
  indexes: readonly string[];
}

/**
 * Lists a directory below `baseUrl`, with everything below it if `recursive`. What cannot be an image id,
 * and what links lead back to, is passed over and reported.
 *
 * @param client Sends the requests.
 * @param directory The path of the directory.
 * @param recursive Whether to list everything below.
 * @param options A signal, and where to report what is passed over.
 * @returns The entries.
 * @throws {StoreListNotSupported} If the server has no index there, or a page of its own.
 */
export function listDirectory(
  client: HttpClient,
  directory: string,
  recursive: boolean,
  options: ScanOptions,
): AsyncGenerator<ListEntry> {
  return list(client, { path: directory, indexes: [] }, recursive, options);
}

async function* list(
  client: HttpClient,
  { path: directory, indexes }: Place,
  recursive: boolean,
  options: ScanOptions,
): AsyncGenerator<ListEntry> {
  const { signal, onSkipped } = options;
  const response = await openIndex(client, directory, signal);
  const names = await readIndex(response, signal);
  if (names === undefined) {
    yield* listChecksums(client, directory, recursive, response.status, options);
    return;
  }
  const index = names.map(({ raw }) => raw).join("\n");
  const most = names.length > 1 ? MAX_REPEATS : MAX_REPEATS_OF_ONE;
  const repeats = names.length > 0 ? indexes.filter((one) => one === index).length : 0;
  if (repeats >= most || indexes.length >= MAX_DEPTH) {
    const reason = new BackendException("its links lead back to directories that it is in");
    return onSkipped({ path: directory, reason });
  }
  const prefix = directory === "" ? "" : `${directory}/`;
  await findDirectories(client, prefix, names, signal);
  for (const { name, raw, isDirectory, size, modified } of names) {
    const path = prefix + (name ?? raw);
    const reason = name === undefined ? new InvalidImageId("its name is not text") : refusal(path);
    if (reason) {
      onSkipped({ path, reason });
    } else if (!isDirectory) {
      yield { path, kind: "image", size, modified };
    } else if (recursive) {
      yield* list(client, { path, indexes: [...indexes, index] }, recursive, options);
    } else {
      yield { path, kind: "directory" };
    }
  }
}

/**
 * Requests the index of a directory.
 *
 * @param client Sends the request.
 * @param directory The path of the directory.
 * @param signal Ends the request.
 * @param retry Whether a failed request is sent again. Default: `safe`.
 * @returns The response, of which {@linkcode readIndex} makes entries.
 */
export function openIndex(
  client: HttpClient,
  directory: string,
  signal: AbortSignal | undefined,
  retry: HttpRequest["retry"] = "safe",
): Promise<HttpResponse> {
  const request = { headers: { accept: ACCEPT }, accept: STATUSES, retry };
  return client.sendBelow(directory === "" ? "" : `${directory}/`, request, signal);
}

/**
 * Reads the names in an index.
 *
 * @param response The response of the server.
 * @param signal Ends it.
 * @param limit How many bytes the index may have. Default: 32 MiB.
 * @returns The names, without the path of the directory, or `undefined` if it is not an index.
 */
export async function readIndex(
  response: HttpResponse,
  signal: AbortSignal | undefined,
  limit: number = INDEX_LIMIT,
): Promise<IndexEntry[] | undefined> {
  const type = response.headers.get("content-type") ?? "";
  if (response.ok && /^application\/json\b/i.test(type)) {
    return parseJsonIndex(await response.text(limit));
  }
  if (response.ok && /^text\/html\b/i.test(type)) {
    return await parseHtmlIndex(await response.text(limit), response.url, signal);
  }
  await response.release();
  return undefined;
}

/**
 * Checks that a response is not the index of a directory: after a redirect to the path with a slash, or in
 * the place of an image.
 *
 * @param client Sends the request for the index.
 * @param response The response.
 * @param location What was requested.
 * @param signal Ends the check.
 * @throws {NotFound} If it is one.
 */
export async function refuseDirectory(
  client: HttpClient,
  response: HttpResponse,
  location: HttpLocation,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { pathname } = location.url;
  const type = response.headers.get("content-type") ?? "";
  const isPage = /^(text\/html|application\/json)\b/i.test(type);
  if (response.url.pathname === `${pathname}/` && (isPage || client.hasBase)) {
    throw new NotFound("there is a directory of that name, and no image");
  }
  if (!isPage || !client.hasBase || /\.(html?|json)$/i.test(pathname)) return;
  const page = await client.send(location, { accept: STATUSES }, signal);
  if (await readIndex(page, signal)) {
    throw new NotFound("the server has the index of a directory there, and no image");
  }
}

/** Finds out which entries are directories if the index does not say: they redirect to their slash. */
async function findDirectories(
  client: HttpClient,
  prefix: string,
  names: IndexEntry[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const unknown = names.filter(({ name, isDirectory }) => name && isDirectory === undefined);
  await poolMap(unknown, PROBES, async (entry) => {
    const path = prefix + entry.name;
    if (refusal(path)) return;
    const request = { method: "HEAD", redirect: "refuse", accept: PROBED } as const;
    const response = await client.sendBelow(path, request, signal);
    await response.release();
    const target = response.headers.get("location") ?? "";
    const isRedirect = response.status >= 300 && response.status < 400;
    entry.isDirectory = isRedirect && URL.canParse(target, response.url) &&
      new URL(target, response.url).pathname === `${response.url.pathname}/`;
    if (entry.isDirectory) delete entry.size;
  });
}

/** The statuses of an entry that is looked at: also of one that may not be read. */
const PROBED = [200, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 410, 500, 501];

/** Lists what a checksum file names, whose names may be paths. */
async function* listChecksums(
  client: HttpClient,
  directory: string,
  recursive: boolean,
  status: number,
  { signal, onSkipped }: ScanOptions,
): AsyncGenerator<ListEntry> {
  const prefix = directory === "" ? "" : `${directory}/`;
  for (const file of DIRECTORY_FILES) {
    const response = await client.sendBelow(prefix + file, { accept: STATUSES }, signal);
    const sums = response.ok ? parseChecksums(await response.text(CHECKSUMS_LIMIT)) : undefined;
    await response.release();
    if (!sums?.size) continue;
    const images: ListEntry[] = [];
    for (const name of sums.keys()) {
      const path = prefix + name;
      const reason = refusal(path);
      if (reason) onSkipped({ path, reason });
      else images.push({ path, kind: "image" });
    }
    return yield* entriesBelow(images, directory, recursive);
  }
  if (![404, 410].includes(status)) {
    throw new StoreListNotSupported(
      `the server has no index of /${directory} and no checksum file: it responded with ${status}`,
    );
  }
}

/** Why a path cannot be an image id, or `undefined` if it can. */
function refusal(path: string): Error | undefined {
  try {
    return checkImageId(path) === path ? undefined : new InvalidImageId("it is no image id");
  } catch (error) {
    return error as Error;
  }
}
