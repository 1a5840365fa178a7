/**
 * Reads of a byte range over HTTP. The response is checked against the request, and a broken body is
 * resumed.
 *
 * @module
 */
import { BackendException, ImageChanged, StoreRandomGetNotSupported } from "../errors/mod.ts";
import type { ImageReader } from "../store/driver.ts";
import { limitedReader } from "../streams/exact_size.ts";
import type { ByteRange } from "../streams/mod.ts";
import {
  parseContentLength,
  parseEntityTag,
  parseLastModified,
  parseValidator,
} from "./headers.ts";
import { formatRange, parseContentRange } from "./ranges.ts";
import type { HttpRequest } from "./request.ts";
import type { HttpResponse } from "./response.ts";
import type { OpenedBody } from "./read_state.ts";
import { resumingReader } from "./resuming_reader.ts";
import type { Transport } from "./transport.ts";

/** Options of {@linkcode readRange}. */
export interface ReadRangeOptions extends ByteRange {
  /** The strong entity tag that the representation must have, with its quotes. */
  etag?: string | undefined;
  /** Called with each response before its body is read. What it throws is the error of the read. */
  onResponse?: ((response: HttpResponse) => void | Promise<void>) | undefined;
}

/**
 * Opens a range of what a request names. If the body breaks, the read is resumed.
 *
 * @param transport Sends the requests.
 * @param request The request, without `Range`.
 * @param options The range in bytes, and the entity tag that is expected.
 * @returns A reader of the range.
 * @throws {InvalidRange} If the range begins after the end.
 * @throws {StoreRandomGetNotSupported} If the server ignores ranges and the range does not begin at 0.
 * @throws {ImageChanged} If the representation is another one than before, or does not have the entity
 * tag.
 * @throws {BackendException} If the response is not the range that was requested, or if the runtime has
 * decoded the body, so that the bytes are not those that are stored.
 */
export function readRange(
  transport: Transport,
  request: HttpRequest,
  options: ReadRangeOptions,
): Promise<ImageReader> {
  const { offset, length, etag, onResponse } = options;
  const { signal } = request;
  const original = new URL(request.url);
  /** Where the last response came from. */
  let source = original;
  /** The offset from which the source was last asked to go on. */
  let resumedAt: number | undefined;
  const open = async (
    url: URL,
    range: ByteRange,
    validator: string | undefined,
    retry: HttpRequest["retry"],
  ): Promise<OpenedBody> => {
    const outgoing = await requestTo(url, { ...request, retry });
    const headers = new Headers(outgoing.headers);
    const wanted = formatRange(range);
    if (wanted !== undefined) {
      headers.set("range", wanted);
      if (validator !== undefined) headers.set("if-range", validator);
    }
    const response = await transport.send({ ...outgoing, headers, accept: [200, 206, 416] });
    try {
      if (response.status !== 416) await onResponse?.(response);
      if (response.status === 416) {
        const { openAtEnd } = await import("./unsatisfied_range.ts");
        return await openAtEnd(transport, outgoing, response, range);
      }
      const opened = openBody(response, range, validator);
      source = response.url;
      return opened;
    } catch (error) {
      await response.release();
      throw error;
    }
  };
  return resumingReader(
    async (range, validator = etag) => {
      if (source.href !== original.href) {
        // A redirector may choose another mirror each time, and only this one has the representation. It
        // is left when nothing has come since it was asked to go on.
        if (resumedAt !== range.offset) {
          resumedAt = range.offset;
          try {
            return await open(source, range, validator, "never");
          } catch (error) {
            if (signal?.aborted) throw error;
          }
        }
        // Mirrors have entity tags of their own. As long as nothing was read, another one will do.
        if (range.offset === offset) validator = etag;
      }
      return await open(original, range, validator, request.retry);
    },
    { offset, length },
    { ...transport.retry, signal },
  );
}

/** Returns the request as it may be sent to a URL, which may be of another origin. */
async function requestTo(url: URL, request: HttpRequest): Promise<HttpRequest> {
  if (url.href === request.url.toString()) return request;
  return (await import("./redirects.ts")).requestTo(url, request);
}

/** Returns the body of a response, if the response is to the range and of the representation. */
function openBody(
  response: HttpResponse,
  range: ByteRange,
  wanted: string | undefined,
): OpenedBody {
  const { headers, body } = response;
  // The coding is a property of the representation (RFC 9110, section 8.4): its bytes are the image.
  if (response.isDecoded) {
    throw new BackendException(
      `the image is stored with the coding ${response.contentEncoding}, which this runtime decodes`,
    );
  }
  const validator = parseValidator(headers);
  if (wanted !== undefined && validator !== wanted) {
    throw new ImageChanged("the image is not the one that was being read");
  }
  const etag = parseEntityTag(headers);
  const opened = { etag, validator, modified: parseLastModified(headers) };
  if (response.status === 206) return { ...opened, body, ...parsePart(headers, range) };
  const { offset, length } = range;
  if (offset > 0) throw new StoreRandomGetNotSupported("the server does not serve ranges");
  const total = parseContentLength(headers);
  if (total === undefined && !response.isDelimited()) {
    throw new BackendException("the server announces neither the size nor the end of the image");
  }
  if (length === undefined) return { ...opened, body, size: total, total };
  const size = total === undefined ? undefined : Math.min(length, total);
  return { ...opened, body: limitedReader(body, length), size, total };
}

/** Returns the size of a part and of the whole, if the part is all of the range that there is. */
function parsePart(
  headers: Headers,
  { offset, length }: ByteRange,
): Pick<OpenedBody, "size" | "total"> {
  const text = headers.get("content-range");
  const { first, last, total } = parseContentRange(text) ?? {};
  const end = Math.min(total ?? Infinity, offset + (length ?? Infinity));
  if (first !== offset || last! + 1 !== end) {
    throw new BackendException(`the server sent the range ${JSON.stringify(text)} instead`);
  }
  const size = end - offset;
  const announced = parseContentLength(headers);
  if (announced !== undefined && announced !== size) {
    throw new BackendException(`the server announced ${announced} bytes for a range of ${size}`);
  }
  return { size, total };
}
