/**
 * What web servers say of images without sending them: sizes, dates, digests.
 *
 * @module
 */
import type { DriverStat } from "../../store/types.ts";
import { raceAbort } from "../../streams/abort.ts";
import type { ExpectedDigests } from "../../streams/mod.ts";
import { parseContentLength, parseEntityTag, parseLastModified } from "../../transport/headers.ts";
import { parseContentRange } from "../../transport/ranges.ts";
import type { HttpResponse } from "../../transport/response.ts";
import {
  type Checksums,
  DIRECTORY_FILES,
  IMAGE_SUFFIXES,
  parseChecksums,
  parseReprDigest,
  strongest,
} from "./checksum_files.ts";
import type { HttpClient } from "./client.ts";
import { CHECKSUMS_LIMIT, openIndex, readIndex, refuseDirectory } from "./lister.ts";
import type { HttpLocation } from "./location.ts";

/** The statuses of HEAD that say something, and those of servers that only know GET. */
const HEAD_STATUSES = [200, 400, 403, 405, 501];
/** The statuses of a GET of one byte. */
const RANGE_STATUSES = [200, 206, 416];
/** The largest index that is read to find checksum files, in bytes. */
const INDEX_LIMIT = 4_194_304;
/** How long checksum files are looked for, in milliseconds: the digests are no more than welcome. */
const LOOKUP_TIME = 5_000;
/** How long a file is used, in milliseconds, and how many are kept. */
const KEPT = 60_000, FILES = 64;

/** What is known of the images of one site. */
export class SiteStat {
  readonly #client: HttpClient;
  readonly #files = new Map<string, { read: number; content: Promise<unknown> }>();

  /**
   * Creates it.
   *
   * @param client Sends the requests.
   */
  constructor(client: HttpClient) {
    this.#client = client;
  }

  /**
   * Requests what is known of an image.
   *
   * @param location Where the image is.
   * @param imageId Its id, if it is below `baseUrl`: then checksum files beside it are looked for.
   * @param signal Ends the requests.
   * @returns What is known.
   * @throws {NotFound} If there is no such image, or a directory in its place.
   */
  async stat(
    location: HttpLocation,
    imageId: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<DriverStat> {
    const head = await this.#client.send(
      location,
      { method: "HEAD", accept: HEAD_STATUSES },
      signal,
    );
    await head.release();
    await refuseDirectory(this.#client, head, location, signal);
    let { headers } = head;
    let size = parseSize(head);
    // Servers that make their responses say 0 where a GET has a body.
    if (!size) {
      const one = await this.#client.send(
        location,
        // webfs responds with 400 to a range of an empty file.
        { headers: { range: "bytes=0-0" }, accept: [...RANGE_STATUSES, ...(head.ok ? [400] : [])] },
        signal,
      );
      await one.release();
      size = parseSize(one) ?? size;
      if (!head.ok) {
        ({ headers } = one);
        await refuseDirectory(this.#client, one, location, signal);
      }
    }
    return {
      size,
      modified: parseLastModified(headers),
      etag: parseEntityTag(headers),
      contentType: headers.get("content-type") ?? undefined,
      ...await this.#digests(headers, imageId, signal),
    };
  }

  async #digests(
    headers: Headers,
    imageId: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<ExpectedDigests> {
    const digest = headers.get("repr-digest");
    if (digest !== null) return { multihash: parseReprDigest(digest) };
    if (imageId === undefined) return {};
    const slash = imageId.lastIndexOf("/") + 1;
    const [prefix, name] = [imageId.slice(0, slash), imageId.slice(slash)];
    const started = Date.now();
    for (const file of await raceAbort(this.#candidates(prefix, name), signal)) {
      if (Date.now() - started > LOOKUP_TIME) break;
      const path = prefix + file;
      const sums = await raceAbort(
        this.#kept(path, (signal) => this.#read(path, name, signal)),
        signal,
      );
      const found = strongest(sums?.get(name));
      if (found.checksum ?? found.multihash) return found;
    }
    return {};
  }

  /** The names of the files that may have digests of an image: those in the index, or else guesses. */
  async #candidates(prefix: string, name: string): Promise<string[]> {
    const own = IMAGE_SUFFIXES.map((suffix) => name + suffix);
    const wanted = [...DIRECTORY_FILES, ...own].filter((file) => file !== name);
    if (wanted.length < DIRECTORY_FILES.length + own.length || isChecksumFile(name)) return [];
    const directory = prefix.slice(0, -1);
    const index = await this.#kept(`${prefix}/`, async (signal) => {
      const response = await openIndex(this.#client, directory, signal, "never");
      const entries = await readIndex(response, signal, INDEX_LIMIT);
      return entries && new Set(entries.map((entry) => entry.name));
    });
    if (index === undefined) return [...DIRECTORY_FILES.slice(0, 5), `${name}.sha256`, "MD5SUMS"];
    // Fedora's has the name of the release before it.
    const named = [...index].filter((file) => file?.endsWith("-CHECKSUM")) as string[];
    return [...named, ...wanted.filter((file) => index.has(file))];
  }

  async #read(path: string, name: string, signal: AbortSignal): Promise<Checksums | undefined> {
    const response = await this.#client.sendBelow(path, { retry: "never" }, signal);
    const text = await response.text(CHECKSUMS_LIMIT);
    const isOwn = IMAGE_SUFFIXES.some((suffix) => path.endsWith(`${name}${suffix}`));
    return parseChecksums(text, isOwn ? name : undefined);
  }

  /** Reads a file at most once a minute. One that cannot be had is the same as none. */
  async #kept<T>(
    path: string,
    read: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> {
    let file = this.#files.get(path);
    if (file === undefined || Date.now() - file.read > KEPT) {
      file = { read: Date.now(), content: inTime(read) };
      this.#files.delete(path);
      this.#files.set(path, file);
      if (this.#files.size > FILES) this.#files.delete(this.#files.keys().next().value!);
    }
    return await file.content as T | undefined;
  }
}

/** Reads something that may be missing. What fails, or takes too long, is the same as missing. */
async function inTime<T>(read: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), LOOKUP_TIME);
  try {
    return await read(controller.signal);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

/** Whether a file has digests of others. */
function isChecksumFile(name: string): boolean {
  return DIRECTORY_FILES.includes(name) || /[-.]CHECKSUM$/.test(name) ||
    IMAGE_SUFFIXES.some((suffix) => name.endsWith(suffix));
}

/** The size of the whole image in bytes, if the response has it. */
function parseSize({ status, headers }: HttpResponse): number | undefined {
  if (status === 200) return parseContentLength(headers);
  return parseContentRange(headers.get("content-range"))?.total;
}
