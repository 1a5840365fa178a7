/**
 * Ranges that begin where an image ends, or past it. Loaded with the first one.
 *
 * @module
 */
import { BackendException, InvalidRange } from "../errors/mod.ts";
import { NO_BYTES } from "../streams/bytes.ts";
import type { ByteRange } from "../streams/mod.ts";
import { parseContentRange } from "./ranges.ts";
import { contentLength, entityTag, modifiedOf } from "./read_range.ts";
import type { HttpResponse } from "./response.ts";
import type { OpenedBody } from "./resume.ts";
import type { HttpRequest, Transport } from "./transport.ts";

/** The answer 416: an empty body at the very end of the image, `InvalidRange` past it. */
export async function beyond(
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
    total = contentLength(headers);
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
    etag: entityTag(headers),
    modified: modifiedOf(headers),
    validator: undefined,
  };
}
