/**
 * Listings of the objects in a bucket.
 *
 * @module
 */
import { BackendException, Invalid } from "../../errors/mod.ts";
import { checkImageId } from "../../location/mod.ts";
import { decodePercent } from "../../location/percent_encoding.ts";
import { compareNames } from "../../store/listing.ts";
import type { ListEntry, ListScanOptions } from "../../store/types.ts";
import { parseCount, parseIsoDate } from "../../streams/encoding.ts";
import type { S3Client } from "./client.ts";
import { readPages } from "./pages.ts";
import type { Element } from "./xml.ts";

/**
 * Lists a directory. A folder marker, an object whose key ends with a slash, is a directory that may be
 * empty.
 *
 * @param client The client of the bucket.
 * @param directory The directory, without a trailing slash; empty for the whole bucket.
 * @param recursive Whether to list all images below, in place of one level.
 * @param options What ends the listing, and what is called with each key that cannot be an image id, and
 * with each folder marker.
 * @returns The entries.
 * @throws {BackendException} If a page is not a listing of S3, or nothing new comes.
 */
export async function* listObjects(
  client: S3Client,
  directory: string,
  recursive: boolean,
  { signal, onSkipped, onDirectory, startAfter, limit = Infinity }: ListScanOptions,
): AsyncGenerator<ListEntry> {
  const prefix = directory === "" ? "" : `${directory}/`;
  const listing = {
    root: "ListBucketResult",
    entries: ["CommonPrefixes", "Contents"],
    query: {
      "list-type": "2",
      "encoding-type": "url",
      prefix,
      ...(recursive ? {} : { delimiter: "/" }),
      ...(startAfter === undefined ? {} : { "start-after": startAfter }),
      // One more: some servers list the directory again that they start after.
      ...(limit < 1000 ? { "max-keys": `${limit + 1}` } : {}),
    },
    markers: { "continuation-token": "NextContinuationToken" },
  };

  /** Returns the key if it can be listed under `path`; reports it if not. */
  function judge(key: string | undefined, path = key): string | undefined {
    try {
      if (key === undefined || path === undefined) {
        throw new BackendException("the server listed an entry without a key that can be read");
      }
      if (!path.startsWith(prefix)) {
        throw new BackendException(`the server listed a key that is not below ${prefix}`);
      }
      if (checkImageId(path) !== path) throw new Invalid("the key is no image id");
      return path;
    } catch (reason) {
      onSkipped({ path: key ?? directory, reason: reason as Error });
      return undefined;
    }
  }

  const isWanted = (name: string) => startAfter === undefined || compareNames(name, startAfter) > 0;
  let wanted = 0;
  for await (const page of readPages(client, listing, signal)) {
    const isEncoded = page.text("EncodingType") === "url";
    checkEcho("Prefix", page.text("Prefix"), prefix);
    checkEcho("Delimiter", page.text("Delimiter"), recursive ? "" : "/");
    for (const common of page.all("CommonPrefixes")) {
      const key = parseKey(common.text("Prefix"), isEncoded);
      const path = judge(key, key?.replace(/\/$/, ""));
      if (path === undefined) continue;
      if (recursive) {
        throw new BackendException("the server listed a directory, expected all that is below");
      }
      if (isWanted(key!)) wanted++;
      yield { path, kind: "directory" };
    }
    for (const object of page.all("Contents")) {
      const key = parseKey(object.text("Key"), isEncoded);
      // The marker of a folder holds nothing, and is seen as the directory that it makes.
      if (key?.endsWith("/") && isMarker(key, object)) {
        const path = key === prefix ? directory : judge(key, key.slice(0, -1));
        if (path !== undefined) onDirectory?.(path);
        continue;
      }
      const path = judge(key);
      if (path === undefined) continue;
      if (!recursive && path.includes("/", prefix.length)) {
        throw new BackendException("the server listed all that is below, expected one level");
      }
      if (isWanted(path)) wanted++;
      yield {
        path,
        kind: "image",
        size: parseCount(object.text("Size")),
        modified: parseIsoDate(object.text("LastModified")),
        etag: object.text("ETag") || undefined,
      };
    }
    // The names of the next page come after all of this one.
    if (wanted >= limit) return;
  }
}

/** Checks that a listing that says what it lists is the one that was requested. Some servers say nothing. */
function checkEcho(name: string, text: string, requested: string): void {
  if (text === "" || text === requested || parseKey(text, true) === requested) return;
  throw new BackendException(
    `the server sent a listing of the ${name} ${JSON.stringify(text.slice(0, 100))}, expected ` +
      JSON.stringify(requested),
  );
}

/** Whether an object whose key ends with a slash is a folder's marker, and not an image. */
function isMarker(key: string, object: Element): boolean {
  return parseCount(object.text("Size")) === 0 && !/(^|\/)\/$/.test(key);
}

/**
 * Parses a key. Amazon encodes a space as `+`, everybody else as `%20`.
 *
 * @returns The key, or `undefined` if there is none or it is not percent-encoded.
 */
function parseKey(text: string, isEncoded: boolean): string | undefined {
  if (text === "") return undefined;
  return isEncoded ? decodePercent(text.replaceAll("+", " ")) : text;
}
