/**
 * Directories of a site, by what web servers show of them: the HTML indexes of nginx and Apache, the
 * JSON index of nginx, or else a `SHA256SUMS` file.
 *
 * @module
 */
import { StoreListNotSupported } from "../../errors/mod.ts";
import { checkImageId } from "../../location/mod.ts";
import type { HttpResponse } from "../../transport/response.ts";
import type { ListEntry } from "../../store/types.ts";
import { entriesBelow } from "../../store/listing.ts";
import { type Ask, readSums } from "./digests.ts";
import { parseHtmlIndex, parseJsonIndex } from "./indexes.ts";

/** The largest index that is read, in bytes: some 500,000 names. */
const LIMIT = 67_108_864;

/**
 * Lists a directory of a site, with what is below it if `recursive`. Names that are no image ids are
 * passed over. Throws `StoreListNotSupported` where the server has a page of its own there.
 */
export async function* listSite(
  ask: Ask,
  directory: string,
  recursive: boolean,
): AsyncGenerator<ListEntry> {
  const response = await ask(directory === "" ? "" : `${directory}/`);
  const names = await namesOf(response);
  if (names === undefined) {
    const sums = await readSums(ask, directory);
    if (sums === undefined && ![404, 410].includes(response.status)) {
      throw new StoreListNotSupported(`the server has no index of /${directory}`);
    }
    yield* entriesOf(sums ?? new Map(), directory, recursive);
    return;
  }
  for (const { path: name, ...rest } of names) {
    const path = directory === "" ? name : `${directory}/${name}`;
    if (!isImageId(path)) continue;
    if (rest.kind === "directory" && recursive) yield* listSite(ask, path, recursive);
    else yield { path, ...rest };
  }
}

/** What a `SHA256SUMS` file shows, whose names may be paths. */
function entriesOf(
  sums: Map<string, string>,
  directory: string,
  recursive: boolean,
): AsyncIterable<ListEntry> {
  const prefix = directory === "" ? "" : `${directory}/`;
  const images = [...sums.keys()].map((name) => ({ path: prefix + name, kind: "image" as const }));
  return entriesBelow(images.filter(({ path }) => isImageId(path)), directory, recursive);
}

function isImageId(path: string): boolean {
  try {
    return checkImageId(path) === path;
  } catch {
    return false;
  }
}

/** The names in an index, without the directory's path; `undefined` where there is none. */
async function namesOf(response: HttpResponse): Promise<ListEntry[] | undefined> {
  const type = response.headers.get("content-type") ?? "";
  if (response.ok && type.startsWith("application/json")) {
    return parseJsonIndex(await response.text(LIMIT));
  }
  if (response.ok && type.startsWith("text/html")) {
    return parseHtmlIndex(await response.text(LIMIT), response.url);
  }
  await response.release();
  return undefined;
}
