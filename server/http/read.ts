/**
 * GET and HEAD of images.
 *
 * @module
 */
import { BitMasks } from "../../capabilities/mod.ts";
import type { Validators } from "../../store/conditions.ts";
import type { GetOptions, GetResult } from "../../store/mod.ts";
import {
  ImageChanged,
  Invalid,
  InvalidRange,
  StoreRandomGetNotSupported,
} from "../../errors/mod.ts";
import type { ImageInspection } from "../../formats/mod.ts";
import type { Multihash } from "../../streams/mod.ts";
import { formatContentRange, parseRange, type RangeSpec } from "../../transport/ranges.ts";
import type { ImagePlace } from "../../vfs/copy.ts";
import { withTreePath } from "../../vfs/errors.ts";
import type { Vfs } from "../../vfs/vfs.ts";
import type { HttpReply, HttpRequest } from "../http1/exchange.ts";
import { generatedBody } from "./body.ts";
import { ifRangeHolds, isConditional, preconditionStatus, validatorsOf } from "./conditions.ts";
import { reprDigest } from "./digest_fields.ts";
import { formatHttpDate } from "./http_date.ts";
import { mediaType } from "./media_types.ts";
import { statusReply } from "./reply.ts";
import { type Span, spansOf } from "./spans.ts";

/** What is known of the image that is sent. */
interface Representation extends Validators {
  /** Size in bytes, where known. */
  size: number | undefined;
  /** The digest, where it is to be sent and the store holds it. */
  multihash: Multihash | undefined;
  /** What the image is, where the store keeps it. */
  inspection: ImageInspection | undefined;
}

/**
 * Responds to a GET or HEAD of an image.
 *
 * @param vfs The tree.
 * @param request The request.
 * @param path The path of the image.
 * @returns The reply.
 * @throws {NotFound} If there is no such image.
 * @throws {Invalid} If the path names a directory.
 */
export async function readImage(
  vfs: Vfs,
  request: HttpRequest,
  path: string,
): Promise<HttpReply> {
  const { method, headers } = request;
  const place = vfs.imageAt(path);
  const { store } = place;
  await store.configure();
  const hasRanges = store.isCapable(BitMasks.READ_RANDOM);
  const specs = method === "GET" && hasRanges ? parseRange(headers.get("range")) : undefined;
  // Some backends need another request for digests, which would slow down small ranges.
  const withDigest = store.isCapable(BitMasks.CHECKSUM) &&
    (!headers.has("range") || headers.has("want-repr-digest"));
  const responder = new ImageResponder(vfs, path, place, hasRanges, withDigest);
  if (method === "GET" && !isConditional(headers)) {
    const spec = specs?.[0];
    if (spec === undefined) return await responder.getWhole();
    const isDirect = specs!.length === 1 && !("suffix" in spec) && !headers.has("if-range");
    const reply = isDirect
      ? await responder.orWhole(() => responder.getRange(spec), () => responder.getWhole())
      : undefined;
    if (reply) return reply;
  }
  return await responder.respondConditionally(request, specs);
}

/** Responds to one request for an image. */
class ImageResponder {
  readonly #vfs: Vfs;
  readonly #path: string;
  readonly #place: ImagePlace;
  readonly #withDigest: boolean;
  #hasRanges: boolean;

  constructor(
    vfs: Vfs,
    path: string,
    place: ImagePlace,
    hasRanges: boolean,
    withDigest: boolean,
  ) {
    this.#vfs = vfs;
    this.#path = path;
    this.#place = place;
    this.#hasRanges = hasRanges;
    this.#withDigest = withDigest;
  }

  /** Opens the whole image without a `stat` before. */
  async getWhole(): Promise<HttpReply> {
    const result = await this.#get({});
    return this.#reply(200, result, await this.#describe(result));
  }

  /**
   * Opens a range without a `stat` before, which saves a request to the backend. Returns `undefined`
   * if opening it does not say what the response needs.
   */
  async getRange(
    { first, last }: { first: number; last: number | undefined },
  ): Promise<HttpReply | undefined> {
    const length = last === undefined ? undefined : last + 1 - first;
    let result: GetResult;
    try {
      result = await this.#get({ offset: first, length });
    } catch (error) {
      if (error instanceof InvalidRange) return undefined;
      throw error;
    }
    const { size, total } = result;
    if (!size || total === undefined) {
      await result.stream.cancel();
      return undefined;
    }
    const span = { start: first, end: first + size };
    return this.#reply(206, result, await this.#describe(result), span);
  }

  /** Responds where the response depends on the state of the image. */
  async respondConditionally(
    { method, headers }: HttpRequest,
    specs: RangeSpec[] | undefined,
  ): Promise<HttpReply> {
    const image = await this.#stat();
    const status = preconditionStatus(method, headers, image);
    if (status !== undefined) return statusReply(status, this.#headers(image, status));
    const { size } = image;
    if (method === "HEAD") return { status: 200, headers: this.#headers(image, 200, size) };
    const whole = async () => this.#reply(200, await this.#open(image), image);
    // A range of an empty image is ignored instead of refused (section 14.2 allows it).
    if (specs === undefined || !size || !ifRangeHolds(headers, image)) return await whole();
    const spans = spansOf(specs, size);
    if (spans === undefined) return await whole();
    if (spans.length === 0) {
      return statusReply(416, { "content-range": formatContentRange(undefined, size) });
    }
    return await this.orWhole(() => this.#parts(image, spans, size), whole);
  }

  /**
   * Responds with `parts`, or with the whole image if only the backend's response shows that it has
   * no ranges: a Range may always be ignored (section 14.2).
   */
  async orWhole<T>(
    parts: () => Promise<T>,
    whole: () => Promise<HttpReply>,
  ): Promise<T | HttpReply> {
    try {
      return await parts();
    } catch (error) {
      if (!(error instanceof StoreRandomGetNotSupported)) throw error;
      this.#hasRanges = false;
      return await whole();
    }
  }

  /** Responds with one span, or with several in a multipart body. */
  async #parts(image: Representation, spans: Span[], size: number): Promise<HttpReply> {
    const [first, second] = spans as [Span, Span?];
    if (second === undefined) return this.#reply(206, await this.#open(image, first), image, first);
    const { multipart } = await import("./multipart.ts");
    // One span is opened now, so that a failure still has a status. A span at the start proves
    // nothing: a backend without ranges can open it.
    const early = first.start > 0 ? first : second;
    const abort = new AbortController();
    const earlyResult = await this.#open(image, early, abort.signal);
    const { type, length, generate } = multipart(
      spans,
      size,
      mediaType(this.#path, image.inspection),
      async (span) =>
        (span === early ? earlyResult : await this.#open(image, span, abort.signal)).stream,
    );
    return {
      status: 206,
      headers: { ...this.#headers(image, 206, length), "content-type": type },
      body: { stream: generatedBody(generate, abort) },
    };
  }

  #get(options: GetOptions): Promise<GetResult> {
    const { store, imageId } = this.#place;
    return withTreePath(this.#path, () => store.get(imageId, options));
  }

  async #open(image: Representation, span?: Span, signal?: AbortSignal): Promise<GetResult> {
    const range = span && { offset: span.start, length: span.end - span.start };
    const result = await this.#get({ ...range, signal });
    await this.#checkUnchanged(result, image);
    return result;
  }

  /** Refuses an image that was replaced between `stat` and `get`. */
  async #checkUnchanged(result: GetResult, image: Representation): Promise<void> {
    if (result.etag === undefined || result.etag === image.etag) return;
    await result.stream.cancel();
    throw new ImageChanged("the image was replaced while it was being opened", {
      path: this.#path,
    });
  }

  async #stat(): Promise<Representation> {
    const info = await this.#vfs.stat(this.#path);
    if (info.isDirectory) throw new Invalid("it is a directory", { path: this.#path });
    const { size, multihash, inspection } = info;
    const digest = this.#withDigest ? multihash : undefined;
    return { size, ...validatorsOf(info), multihash: digest, inspection };
  }

  /** Describes an image that has been opened, with a `stat` where that was not enough. */
  async #describe(result: GetResult): Promise<Representation> {
    const { total: size, etag, modified, inspection } = result;
    if (etag !== undefined && modified !== undefined && !this.#withDigest) {
      return { size, etag, modified, multihash: undefined, inspection };
    }
    try {
      const image = await this.#stat();
      await this.#checkUnchanged(result, image);
      return image;
    } catch (error) {
      await result.stream.cancel();
      throw error;
    }
  }

  #reply(status: number, body: GetResult, image: Representation, span?: Span): HttpReply {
    const headers = this.#headers(image, status, body.size);
    if (span) headers["content-range"] = formatContentRange(span, image.size!);
    return { status, headers, body };
  }

  #headers(image: Representation, status: number, length?: number): Record<string, string> {
    const { etag, modified, multihash, inspection } = image;
    const headers: Record<string, string> = {
      "accept-ranges": this.#hasRanges ? "bytes" : "none",
    };
    if (etag !== undefined) headers["etag"] = etag;
    if (modified !== undefined) headers["last-modified"] = formatHttpDate(modified);
    if (status >= 300) return headers;
    headers["content-type"] = mediaType(this.#path, inspection);
    // What somebody stored is shown, but does not run with the rights of this origin.
    headers["x-content-type-options"] = "nosniff";
    headers["content-security-policy"] = "sandbox";
    const digest = reprDigest(multihash);
    if (digest !== undefined) headers["repr-digest"] = digest;
    if (length !== undefined) headers["content-length"] = `${length}`;
    return headers;
  }
}
