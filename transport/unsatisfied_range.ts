/**
 * Ranges that begin at the end of what is read, or after it.
 *
 * @module
 */
import { BackendException, InvalidRange } from "../errors/mod.ts";
import { NO_BYTES } from "../streams/bytes.ts";
import type { ByteRange } from "../streams/mod.ts";
import { parseContentLength, parseEntityTag, parseLastModified } from "./headers.ts";
import { parseContentRange } from "./ranges.ts";
import type { HttpRequest } from "./request.ts";
import type { HttpResponse } from "./response.ts";
import type { OpenedBody } from "./read_state.ts";
import type { Transport } from "./transport.ts";

/**
 * Opens a range that has no bytes, from a response 416 (RFC 9110, section 15.5.17).
 *
 * @param transport Sends a `HEAD` if the response does not say the size of the image.
 * @param request The request, without `Range`.
 * @param response The response; it is released.
 * @param range The range in bytes.
 * @returns A body without bytes, if the range begins at the very end of the image.
 * @throws {InvalidRange} If the range begins after the end.
 * @throws {BackendException} If the range begins inside the image.
 */
export async function openAtEnd(
  transport: Transport,
  request: HttpRequest,
  response: HttpResponse,
  { offset }: ByteRange,
): Promise<OpenedBody> {
  let { headers } = response;
  let total = parseContentRange(headers.get("content-range"))?.total;
  await response.release();
  if (total === undefined) {
    ({ headers } = await transport.send({ ...request, method: "HEAD" }));
    total = parseContentLength(headers);
  }
  if (total === undefined || offset > total) {
    throw new InvalidRange(
      `offset ${offset} lies past the end of the image, which has ${total ?? "fewer"} bytes`,
    );
  }
  if (offset < total) throw new BackendException("the server refused a range inside the image");
  return {
    body: NO_BYTES,
    size: 0,
    total,
    etag: parseEntityTag(headers),
    modified: parseLastModified(headers),
    validator: undefined,
  };
}
