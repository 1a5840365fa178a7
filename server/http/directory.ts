/**
 * Directories over HTTP: as a page, or as JSON in the form of nginx's autoindex.
 *
 * @module
 */
import type { Bytes } from "../../streams/mod.ts";
import type { DirEntry } from "../../vfs/file_info.ts";
import { parsePath } from "../../vfs/path.ts";
import type { Vfs } from "../../vfs/vfs.ts";
import { generatedBody, type OnFailure, unknownLength } from "./body.ts";
import { preconditionStatus } from "./conditions.ts";
import { statusResponse } from "./errors.ts";
import { pageEnd, pageStart, row } from "./page.ts";

/** How many entries are put in order at a time: a directory of any size takes bounded memory. */
const BATCH = 1000;

/** Answers a GET or HEAD of a directory. Throws what `Vfs.readDir` throws. */
export async function listDirectory(
  vfs: Vfs,
  request: Request,
  path: string,
  onFailure: OnFailure,
): Promise<Response> {
  const html = prefersHtml(request.headers.get("accept") ?? "");
  const headers = {
    "content-type": html ? "text/html; charset=utf-8" : "application/json",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    "x-content-type-options": "nosniff",
    "vary": "accept",
  };
  const batches = inOrder(vfs.readDir(path));
  // What fails before the first entry is still said by a status.
  const first = await batches.next();
  const { method } = request;
  const status = preconditionStatus(method, request.headers, {
    etag: undefined,
    modified: undefined,
  });
  if (status !== undefined || method === "HEAD") {
    await batches.return(undefined);
    if (status !== undefined) return statusResponse(status, { vary: headers.vary });
    return new Response(unknownLength(), { headers });
  }
  async function* all(): AsyncGenerator<DirEntry[]> {
    if (!first.done) yield first.value;
    yield* batches;
  }
  const texts = html ? asPage(all(), path) : asJson(all());
  const encoder = new TextEncoder();
  const body = generatedBody(async function* () {
    for await (const text of texts) yield encoder.encode(text) as Bytes;
  }, onFailure);
  return new Response(body, { headers });
}

async function* inOrder(entries: AsyncIterable<DirEntry>): AsyncGenerator<DirEntry[]> {
  let batch: DirEntry[] = [];
  const sorted = () =>
    batch.sort((one, other) =>
      +other.isDirectory - +one.isDirectory || (one.name < other.name ? -1 : 1)
    );
  for await (const entry of entries) {
    batch.push(entry);
    if (batch.length === BATCH) {
      yield sorted();
      batch = [];
    }
  }
  yield sorted();
}

async function* asJson(batches: AsyncIterable<DirEntry[]>): AsyncGenerator<string> {
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
}

async function* asPage(batches: AsyncIterable<DirEntry[]>, path: string): AsyncGenerator<string> {
  yield pageStart(parsePath(path).segments);
  for await (const batch of batches) yield batch.map(row).join("");
  yield pageEnd();
}

/** Whether an Accept field prefers a page to JSON (RFC 9110, section 12.5.1). */
function prefersHtml(accept: string): boolean {
  return quality(accept, "text", "html") > quality(accept, "application", "json");
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
