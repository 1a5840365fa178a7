/**
 * What web servers tell of images without sending them: sizes, digests, listings. Loaded with the first
 * question.
 *
 * @module
 */
import type { Multihash } from "../../streams/mod.ts";
import { parseContentRange } from "../../transport/ranges.ts";
import { parseContentLength, parseLastModified } from "../../transport/headers.ts";
import type { HttpResponse } from "../../transport/response.ts";
import type { HttpRequest } from "../../transport/request.ts";
import type { Transport } from "../../transport/transport.ts";
import type { DriverStat, ListEntry } from "../../store/types.ts";
import { reprDigest, Sums } from "./digests.ts";
import { listSite } from "./listing.ts";

/** Makes a request for a path below `baseUrl`. */
type Below = (path: string) => HttpRequest;

/** Answers to HEAD: the one that tells, and those of servers that know GET alone. */
const ANSWERED = [200, 400, 403, 405, 501];
/** Answers to the GET of one byte. */
const RANGED = [200, 206, 416];

/** The servers of one store, to be asked. */
export class Site {
  readonly #transport: Transport;
  readonly #sums = new Sums();

  /** Asks through this client. */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * What is known of the image that `request` names; `imageId` where it lies below `baseUrl`, where
   * `below` makes a request of a path.
   */
  async stat(
    request: HttpRequest,
    imageId: string | undefined,
    below: Below,
  ): Promise<DriverStat> {
    const head = await this.#transport.send({ ...request, method: "HEAD", accept: ANSWERED });
    await head.release();
    let { headers } = head;
    let size = sizeOf(head);
    if (size === undefined) {
      const ranged = new Headers(request.headers);
      ranged.set("range", "bytes=0-0");
      const one = await this.#transport.send({ ...request, headers: ranged, accept: RANGED });
      await one.release();
      size = sizeOf(one);
      if (!head.ok) ({ headers } = one);
    }
    return {
      size,
      modified: parseLastModified(headers),
      etag: headers.get("etag") ?? undefined,
      contentType: headers.get("content-type") ?? undefined,
      multihash: await this.#multihash(headers, imageId, below),
    };
  }

  /** Lists a directory below `baseUrl`. */
  list(directory: string, recursive: boolean, below: Below): AsyncGenerator<ListEntry> {
    return listSite((path) => this.#ask(preferringJson(below(path))), directory, recursive);
  }

  async #multihash(
    headers: Headers,
    imageId: string | undefined,
    below: Below,
  ): Promise<Multihash | undefined> {
    const digest = headers.get("repr-digest");
    if (digest !== null) return reprDigest(digest);
    if (imageId === undefined) return undefined;
    return await this.#sums.find(imageId, (path) => this.#ask(below(path)));
  }

  #ask(request: HttpRequest): Promise<HttpResponse> {
    return this.#transport.send({ ...request, accept: [200, 403, 404, 410] });
  }
}

/** Size of the whole image in bytes, where the answer tells it. */
function sizeOf({ status, headers }: HttpResponse): number | undefined {
  if (status === 200) return parseContentLength(headers);
  return parseContentRange(headers.get("content-range"))?.total;
}

/** A request that prefers an index in JSON, which has sizes and dates, where the server has both. */
function preferringJson(request: HttpRequest): HttpRequest {
  const headers = new Headers(request.headers);
  headers.set("accept", "application/json, text/html;q=0.9, */*;q=0.8");
  return { ...request, headers };
}
