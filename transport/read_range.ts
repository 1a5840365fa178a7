/**
 * Ranged reads over HTTP: the answer is held to what was asked, and a broken body is resumed.
 *
 * @module
 */
import { BackendException, ImageChanged, StoreRandomGetNotSupported } from "../errors/mod.ts";
import type { ImageReader } from "../store/driver.ts";
import type { ByteRange, ByteReader } from "../streams/mod.ts";
import { formatRange, parseContentRange } from "./ranges.ts";
import type { HttpResponse } from "./response.ts";
import { type OpenedBody, resumingReader } from "./resume.ts";
import type { HttpRequest, Transport } from "./transport.ts";

/** Options of {@linkcode readRange}. */
export interface ReadRangeOptions extends ByteRange {
  /** The strong entity tag that the representation must have, quotes included. */
  etag?: string | undefined;
}

/**
 * Opens a range of what `request` names, and resumes it where its body breaks.
 *
 * Throws what {@linkcode Transport.send} throws; `InvalidRange` where the range begins past the end;
 * `StoreRandomGetNotSupported` where the server ignores ranges and the range does not begin at 0;
 * `ImageChanged` where the representation is not the one begun, or has not the given entity tag;
 * `BackendException` where the answer is encoded, or is not the range that was asked for.
 */
export function readRange(
  transport: Transport,
  request: HttpRequest,
  options: ReadRangeOptions,
): Promise<ImageReader> {
  const { offset, length, etag } = options;
  return resumingReader(
    async (range, validator = etag) => {
      const headers = new Headers(request.headers);
      // Encoded, the bytes would be others, and the runtime would decode them to another size.
      headers.set("accept-encoding", "identity");
      const wanted = formatRange(range);
      if (wanted !== undefined) {
        headers.set("range", wanted);
        if (validator !== undefined) headers.set("if-range", validator);
      }
      const response = await transport.send({ ...request, headers, accept: [200, 206, 416] });
      try {
        if (response.status === 416) {
          const { beyond } = await import("./beyond.ts");
          return await beyond(transport, request, response, range);
        }
        return await judged(response, range, validator);
      } catch (error) {
        await response.release();
        throw error;
      }
    },
    { offset, length },
    { ...transport.retry, signal: request.signal },
  );
}

/** The body of an answer, if it is an answer to the range and of the representation. */
async function judged(
  response: HttpResponse,
  range: ByteRange,
  wanted: string | undefined,
): Promise<OpenedBody> {
  const { headers, body } = response;
  const encoding = headers.get("content-encoding");
  if (encoding && encoding !== "identity") {
    throw new BackendException(`the server sends the image encoded as ${encoding}, unasked`);
  }
  const validator = validatorOf(headers);
  if (wanted !== undefined && validator !== wanted) {
    throw new ImageChanged("the image is not the one that was being read");
  }
  const etag = entityTag(headers);
  const opened = { etag, validator, modified: modifiedOf(headers) };
  if (response.status === 206) return { ...opened, body, ...partOf(headers, range) };
  const { offset, length } = range;
  if (offset > 0) throw new StoreRandomGetNotSupported("the server does not serve ranges");
  const total = contentLength(headers);
  if (total === undefined && !await response.isDelimited()) {
    throw new BackendException("the server tells neither the size nor the end of the image");
  }
  if (length === undefined) return { ...opened, body, size: total, total };
  const size = total === undefined ? undefined : Math.min(length, total);
  return { ...opened, body: limited(body, length), size, total };
}

/** The size of a part and of the whole, if the part is all of the range that there is. */
function partOf(
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
  const announced = contentLength(headers);
  if (announced !== undefined && announced !== size) {
    throw new BackendException(`the server announced ${announced} bytes for a range of ${size}`);
  }
  return { size, total };
}

/**
 * What tells a representation from every other: a strong entity tag, else a `Last-Modified` that lies
 * a second or more before the answer's `Date` (RFC 9110, section 8.8.2.2).
 */
function validatorOf(headers: Headers): string | undefined {
  const etag = entityTag(headers);
  if (etag?.startsWith('"')) return etag;
  const modified = headers.get("last-modified");
  const age = Date.parse(headers.get("date") ?? "") - Date.parse(modified ?? "");
  return modified !== null && age >= 1000 ? modified : undefined;
}

/** The `ETag`, with the quotes that Swift leaves out. */
export function entityTag(headers: Headers): string | undefined {
  const etag = headers.get("etag");
  if (etag === null) return undefined;
  return /^(W\/)?"/.test(etag) ? etag : `"${etag}"`;
}

/** The `Content-Length` in bytes, where it is one. */
export function contentLength(headers: Headers): number | undefined {
  const text = headers.get("content-length");
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The `Last-Modified`, where it is a date. */
export function modifiedOf(headers: Headers): Date | undefined {
  const time = Date.parse(headers.get("last-modified") ?? "");
  return Number.isNaN(time) ? undefined : new Date(time);
}

/** The first bytes of a body. */
function limited(body: ByteReader, size: number): ByteReader {
  let left = size;
  return {
    async read(view) {
      if (left === 0) return view.subarray(0, 0);
      const chunk = await body.read(view.subarray(0, Math.min(left, view.length)));
      left -= chunk.length;
      return chunk;
    },
    close: (reason) => body.close(reason),
  };
}
