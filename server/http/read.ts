/**
 * GET and HEAD of images.
 *
 * @module
 */
import { BitMasks } from "../../capabilities/mod.ts";
import type { GetOptions, GetResult } from "../../store/mod.ts";
import { ImageChanged, InvalidRange, StoreRandomGetNotSupported } from "../../errors/mod.ts";
import type { Multihash } from "../../streams/mod.ts";
import type { ImagePlace } from "../../vfs/copy.ts";
import { withTreePath } from "../../vfs/errors.ts";
import type { Vfs } from "../../vfs/vfs.ts";
import { generatedBody, observedBody, type OnFailure, unknownLength } from "./body.ts";
import {
  ifRangeHolds,
  isConditional,
  preconditionStatus,
  type Validators,
  validatorsOf,
} from "./conditions.ts";
import { reprDigest } from "./digest_fields.ts";
import { statusResponse } from "./errors.ts";
import { formatHttpDate } from "./http_date.ts";
import { mediaType } from "./media_types.ts";
import { formatContentRange, parseRange, type RangeSpec } from "../../transport/ranges.ts";
import { type Span, spansOf } from "./spans.ts";

/** What is known of the image that is sent. */
export interface Representation extends Validators {
  /** Size in bytes, where known. */
  size: number | undefined;
  /** The digest, where it is to be told and the store holds it. */
  multihash: Multihash | undefined;
}

/** Size in bytes up to which `GetResult.respond` reads before the headers go out. */
const READ_BEFORE = 262_144;

/** Answers a GET or HEAD of an image. Throws what `Vfs.get` and `Vfs.stat` throw. */
export async function readImage(
  vfs: Vfs,
  request: Request,
  path: string,
  onFailure: OnFailure,
): Promise<Response> {
  const { method, headers } = request;
  const place = vfs.imageAt(path);
  const { store } = place;
  await store.configure();
  const rangeable = store.isCapable(BitMasks.READ_RANDOM);
  const specs = method === "GET" && rangeable ? parseRange(headers.get("range")) : undefined;
  // Digests take another trip to some backends, which small ranges would feel.
  const digest = store.isCapable(BitMasks.CHECKSUM) &&
    (!headers.has("range") || headers.has("want-repr-digest"));
  const responder = new ImageResponder(vfs, path, place, rangeable, digest, onFailure);
  if (method === "GET" && !isConditional(headers)) {
    const spec = specs?.[0];
    if (spec === undefined) return await responder.whole();
    const isFast = specs!.length === 1 && !("suffix" in spec) && !headers.has("if-range");
    const response = isFast
      ? await responder.ifRangeable(() => responder.getRange(spec), () => responder.whole())
      : undefined;
    if (response) return response;
  }
  return await responder.respondConditionally(request, specs);
}

/** One image being answered with. */
class ImageResponder {
  constructor(
    readonly vfs: Vfs,
    readonly path: string,
    readonly place: ImagePlace,
    public rangeable: boolean,
    readonly digest: boolean,
    readonly onFailure: OnFailure,
  ) {}

  /** The whole image, opened without asking first. */
  async whole(): Promise<Response> {
    const result = await this.get({});
    return await this.respond(200, result, await this.describe(result));
  }

  /**
   * A range opened without asking first what the image is: one trip to the backend. `undefined` if
   * that does not tell what the answer has to say.
   */
  async getRange(spec: { first: number; last: number | undefined }) {
    const { first, last } = spec;
    const length = last === undefined ? undefined : last + 1 - first;
    let result: GetResult;
    try {
      result = await this.get({ offset: first, length });
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
    return await this.respond(206, result, await this.describe(result), span);
  }

  /** The answer where it depends on what the image is. */
  async respondConditionally(request: Request, specs: RangeSpec[] | undefined): Promise<Response> {
    const { method, headers } = request;
    const representation = await this.stat();
    const status = preconditionStatus(method, headers, representation);
    if (status !== undefined) return statusResponse(status, this.headers(representation, status));
    const { size } = representation;
    if (method === "HEAD") {
      const body = size === undefined ? unknownLength() : null;
      return new Response(body, { headers: this.headers(representation, 200, size) });
    }
    const whole = async () =>
      await this.respond(200, await this.open(representation), representation);
    // A range of nothing is not worth an error (section 14.2).
    if (specs === undefined || !size || !ifRangeHolds(headers, representation)) {
      return await whole();
    }
    const spans = spansOf(specs, size);
    if (spans.length === 0) {
      return statusResponse(416, { "content-range": formatContentRange(undefined, size) });
    }
    return await this.ifRangeable(() => this.parts(representation, spans, size), whole);
  }

  /**
   * What `parts` answers with; where only the backend's answer shows that it has no ranges, the whole:
   * a Range may always be ignored (section 14.2).
   */
  async ifRangeable<T>(parts: () => Promise<T>, whole: () => Promise<Response>) {
    try {
      return await parts();
    } catch (error) {
      if (!(error instanceof StoreRandomGetNotSupported)) throw error;
      this.rangeable = false;
      return await whole();
    }
  }

  /** One span, or several in a multipart body. */
  async parts(representation: Representation, spans: Span[], size: number): Promise<Response> {
    const [first, second] = spans as [Span, Span?];
    if (second === undefined) {
      return await this.respond(206, await this.open(representation, first), representation, first);
    }
    const { multipart } = await import("./multipart.ts");
    // What fails is still said by a status. A span at the start shows nothing: it can be had of a
    // backend that has no ranges.
    const early = first.start > 0 ? first : second;
    const abort = new AbortController();
    const earlyResult = await this.open(representation, early, abort.signal);
    const { type, length, generate } = multipart(
      spans,
      size,
      mediaType(this.path),
      async (span) =>
        (span === early ? earlyResult : await this.open(representation, span, abort.signal)).stream,
    );
    return new Response(generatedBody(generate, this.onFailure, abort), {
      status: 206,
      headers: { ...this.headers(representation, 206, length), "content-type": type },
    });
  }

  get(options: GetOptions): Promise<GetResult> {
    const { store, imageId } = this.place;
    return withTreePath(this.path, () => store.get(imageId, options));
  }

  async open(
    representation: Representation,
    span?: Span,
    signal?: AbortSignal,
  ): Promise<GetResult> {
    const { start: offset, end } = span ?? { start: undefined, end: 0 };
    const length = offset === undefined ? undefined : end - offset;
    const result = await this.get({ offset, length, signal });
    await this.checkUnchanged(result, representation);
    return result;
  }

  /** The image may have been replaced between being asked about and being opened. */
  async checkUnchanged(result: GetResult, representation: Representation): Promise<void> {
    if (result.etag === undefined || result.etag === representation.etag) return;
    await result.stream.cancel();
    throw new ImageChanged("the image was replaced while it was being opened", {
      path: this.path,
    });
  }

  async stat(): Promise<Representation> {
    const info = await this.vfs.stat(this.path);
    const { size, multihash } = info;
    return { size, ...validatorsOf(info), multihash: this.digest ? multihash : undefined };
  }

  /** What opening the image told, completed where that was not enough. */
  async describe(result: GetResult): Promise<Representation> {
    const { total: size, etag, modified } = result;
    if (etag !== undefined && modified !== undefined && !this.digest) {
      return { size, etag, modified, multihash: undefined };
    }
    try {
      const representation = await this.stat();
      await this.checkUnchanged(result, representation);
      return representation;
    } catch (error) {
      await result.stream.cancel();
      throw error;
    }
  }

  async respond(
    status: number,
    result: GetResult,
    representation: Representation,
    span?: Span,
  ): Promise<Response> {
    const headers = this.headers(representation, status, result.size);
    if (span) headers["content-range"] = formatContentRange(span, representation.size!);
    const response = await result.respond({ status, headers });
    if (!this.onFailure || result.size! <= READ_BEFORE) return response;
    return new Response(observedBody(response.body!, this.onFailure), response);
  }

  headers(representation: Representation, status: number, length?: number): Record<string, string> {
    const { etag, modified, multihash } = representation;
    const headers: Record<string, string> = {
      "accept-ranges": this.rangeable ? "bytes" : "none",
    };
    if (etag !== undefined) headers["etag"] = etag;
    if (modified !== undefined) headers["last-modified"] = formatHttpDate(modified);
    if (status >= 300) return headers;
    headers["content-type"] = mediaType(this.path);
    // What somebody stored is shown, but not run in the name of this site.
    headers["x-content-type-options"] = "nosniff";
    headers["content-security-policy"] = "sandbox";
    const digest = reprDigest(multihash);
    if (digest !== undefined) headers["repr-digest"] = digest;
    if (length !== undefined) headers["content-length"] = `${length}`;
    return headers;
  }
}
