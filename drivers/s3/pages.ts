/**
 * Listings that come in pages: of objects, and of open uploads.
 *
 * @module
 */
import { BackendException } from "../../errors/mod.ts";
import type { S3Client } from "./client.ts";
import type { Element } from "./xml.ts";
import { sendForXml } from "./xml_request.ts";

/** How many pages without entries may follow each other: of keys that were deleted, for example. */
const MAX_EMPTY_PAGES = 1_000;

/** A listing. */
export interface Listing {
  /** The name of the root element of a page. */
  root: string;
  /** The key that is in the path. Default: none, for a listing of the bucket. */
  key?: string | undefined;
  /** The names of the elements that are entries. */
  entries: readonly string[];
  /** The query of every page. */
  query: Readonly<Record<string, string>>;
  /** What the query of the next page has beside: its names, and the elements that have the values. */
  markers: Readonly<Record<string, string>>;
}

/**
 * Reads a listing page by page. It ends where the server says so, and is an error where the server says
 * that it goes on but sends nothing new.
 *
 * @param client The client of the bucket.
 * @param listing What is listed.
 * @param signal Ends the listing.
 * @returns The root elements of the pages.
 * @throws {BackendException} If a page has neither an end nor a marker of the next one, or repeats.
 */
export async function* readPages(
  client: S3Client,
  { root, key, entries, query, markers }: Listing,
  signal: AbortSignal | undefined,
): AsyncGenerator<Element> {
  // One short text a page: of the markers that were sent, and of the first and last entry.
  const seen = new Set<string>();
  let next: Record<string, string> = {};
  let empty = 0;
  for (;;) {
    const page = await sendForXml(client, { root, key, query: { ...query, ...next }, signal });
    const found = entries.flatMap((name) => page.all(name));
    const isLast = hasEnd(page, found.length > 0);
    yield page;
    if (isLast) return;
    next = Object.fromEntries(
      Object.entries(markers).map(([name, element]) => [name, page.text(element)]),
    );
    if (!Object.values(next).some(Boolean)) {
      throw new BackendException("the server says that its listing goes on, but not where");
    }
    empty = found.length === 0 ? empty + 1 : 0;
    const content = [found[0], found.at(-1)].map((entry) => entry && identify(entry));
    const known = seen.size;
    seen.add(JSON.stringify(next));
    if (found.length > 0) seen.add(JSON.stringify(content));
    const isNew = seen.size === known + (found.length > 0 ? 2 : 1);
    if (!isNew || empty > MAX_EMPTY_PAGES) {
      throw new BackendException("the server says that its listing goes on, but sends nothing new");
    }
  }
}

/** Whether a page says that it is the last one. Without entries it must say so itself. */
function hasEnd(page: Element, hasEntries: boolean): boolean {
  const text = page.text("IsTruncated").trim().toLowerCase();
  if (text === "true") return false;
  if (text === "false" || (text === "" && hasEntries)) return true;
  throw new BackendException(
    `IsTruncated of the server's listing is ${JSON.stringify(text.slice(0, 40))}, ` +
      'expected "true" or "false"',
  );
}

/** What distinguishes an entry from all others of the listing. */
function identify(entry: Element): string[] {
  return ["Key", "Prefix", "UploadId", "PartNumber"].map((name) => entry.text(name));
}
