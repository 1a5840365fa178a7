/**
 * Directories over HTTP: as a page, or as JSON in the form of nginx's autoindex.
 *
 * @module
 */
import type { Bytes } from "../../streams/mod.ts";
import type { DirEntry } from "../../vfs/file_info.ts";
import { parsePath } from "../../vfs/path.ts";
import type { Vfs } from "../../vfs/vfs.ts";
import type { HttpReply, HttpRequest } from "../http1/exchange.ts";
import { generatedBody } from "./body.ts";
import { preconditionStatus } from "./conditions.ts";
import { pageEnd, pageStart, row } from "./page.ts";
import { statusReply, textReply } from "./reply.ts";

/**
 * How many entries are sorted. They are read before the headers are sent, so that a listing that fails
 * has a status that says so. A larger directory is sent in the order of its store, while it is read.
 */
const MAX_SORTED = 50_000;
/** How many entries are written at a time. */
const BATCH = 1000;

/** A form of a listing. */
interface Format {
  contentType: string;
  write(batches: AsyncIterable<DirEntry[]> | Iterable<DirEntry[]>): AsyncGenerator<string>;
}

/**
 * Responds to a GET or HEAD of a directory.
 *
 * @param vfs The tree.
 * @param request The request.
 * @param path The path of the directory, with a slash at its end.
 * @param onSkipped Called with the error of each entry that the listing leaves out.
 * @returns The reply.
 * @throws {NotFound} If there is no such directory, and what else `Vfs.readDir` throws.
 */
export async function listDirectory(
  vfs: Vfs,
  request: HttpRequest,
  path: string,
  onSkipped: (error: unknown) => void,
): Promise<HttpReply> {
  let skipped = 0;
  const format = prefersJson(request.headers.get("accept"))
    ? JSON_INDEX
    : page(parsePath(path).segments, () => skipped);
  const headers = {
    "content-type": format.contentType,
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    "x-content-type-options": "nosniff",
    "vary": "accept",
  };
  const entries = vfs.readDir(path, {
    onSkipped: ({ reason }) => {
      skipped++;
      onSkipped(reason);
    },
  });
  const status = preconditionStatus(request.method, request.headers, NO_VALIDATORS);
  if (status !== undefined || request.method === "HEAD") {
    // Whether there is such a directory decides first (RFC 9110, section 13.2.1).
    await entries.next();
    await entries.return(undefined);
    return status === undefined ? { status: 200, headers } : statusReply(status, {
      vary: headers.vary,
    });
  }
  const first = await take(entries, MAX_SORTED);
  if (first.length === MAX_SORTED) {
    return {
      status: 200,
      headers,
      body: { stream: encoded(format.write(batched(first, entries))) },
    };
  }
  first.sort(compareEntries);
  if (first.length > BATCH) {
    return { status: 200, headers, body: { stream: encoded(format.write(slices(first))) } };
  }
  let text = "";
  for await (const piece of format.write([first])) text += piece;
  return textReply(200, text, headers);
}

/** A directory has neither an entity tag nor a date. */
const NO_VALIDATORS = { etag: undefined, modified: undefined };

function compareEntries(one: DirEntry, other: DirEntry): number {
  return +other.isDirectory - +one.isDirectory || (one.name < other.name ? -1 : 1);
}

async function take<T>(items: AsyncIterator<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  while (taken.length < count) {
    const { done, value } = await items.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}

function* slices<T>(items: readonly T[]): Generator<T[]> {
  for (let at = 0; at < items.length; at += BATCH) yield items.slice(at, at + BATCH);
}

async function* batched<T>(first: readonly T[], rest: AsyncGenerator<T>): AsyncGenerator<T[]> {
  try {
    yield* slices(first);
    for (let batch; (batch = await take(rest, BATCH)).length > 0;) yield batch;
  } finally {
    await rest.return(undefined);
  }
}

function encoded(texts: AsyncIterable<string>): ReadableStream<Bytes> {
  const encoder = new TextEncoder();
  return generatedBody(async function* () {
    for await (const text of texts) yield encoder.encode(text) as Bytes;
  });
}

/** JSON as nginx's module ngx_http_autoindex_module writes it, and an ETag where one is known. */
const JSON_INDEX: Format = {
  contentType: "application/json",
  async *write(batches) {
    let separator = "[\n";
    for await (const batch of batches) {
      const lines = batch.map(({ name, isDirectory, mtime, size, etag }) =>
        JSON.stringify({
          name,
          type: isDirectory ? "directory" : "file",
          mtime: mtime?.toUTCString(),
          size,
          etag,
        })
      );
      if (lines.length === 0) continue;
      yield separator + lines.join(",\n");
      separator = ",\n";
    }
    yield separator === "[\n" ? "[]\n" : "\n]\n";
  },
};

function page(segments: readonly string[], skipped: () => number): Format {
  return {
    contentType: "text/html; charset=utf-8",
    async *write(batches) {
      yield pageStart(segments);
      for await (const batch of batches) yield batch.map(row).join("");
      yield pageEnd(skipped());
    },
  };
}

/**
 * Returns whether an Accept field prefers JSON to a page (RFC 9110, section 12.5.1). Programs that list
 * directories send any type and expect a page.
 */
function prefersJson(accept: string | null): boolean {
  return quality(accept ?? "", "application", "json") > quality(accept ?? "", "text", "html");
}

function quality(accept: string, type: string, subtype: string): number {
  let best = { rank: 0, q: 0 };
  for (const item of accept.toLowerCase().split(",")) {
    const [range = "", ...parameters] = item.split(";").map((part) => part.trim());
    const rank = [`*/*`, `${type}/*`, `${type}/${subtype}`].indexOf(range) + 1;
    const q = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? "1";
    if (rank > best.rank) best = { rank, q: Number(q) || 0 };
  }
  return best.q;
}
