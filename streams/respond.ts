/**
 * Responses of what a reader gives, for those who pass it on.
 *
 * @module
 */
import type { ByteReader, Bytes } from "./bytes.ts";
import { readableFrom } from "./readable.ts";
import { streamResponse } from "./passthrough.ts";
import { isWorkerd } from "../runtime/mod.ts";

/** What is sent in one piece, in bytes at most. */
const SMALL = 262_144;
/** Size of the chunks that more is sent in: a chunk is sent while the next is read. */
const CHUNK = 1_048_576;
/** How many buffers of `SMALL` bytes and one are kept: 4 MiB. */
const KEPT = 16;

const spare: Bytes[] = [];

/**
 * Makes a response of all that a reader gives. Up to 256 KiB are read first, so that an error is thrown here.
 *
 * @param reader The reader. It is closed when the body ends.
 * @param size The number of bytes that it has, if it is known.
 * @param init Status and headers. Default: 200, without headers.
 * @returns The response, to be sent as it is.
 */
export async function readerResponse(
  reader: ByteReader,
  size: number | undefined,
  init: ResponseInit | undefined,
): Promise<Response> {
  if (size === undefined || size > SMALL) {
    return streamResponse(readableFrom(reader, size, CHUNK), init);
  }
  // Fresh buffers would have the garbage collector at work for longer than all else takes. workerd
  // does not copy what a response is made of, as others must
  // (https://fetch.spec.whatwg.org/#concept-bodyinit-extract).
  const reuses = !isWorkerd();
  const buffer = (reuses && spare.pop()) || new Uint8Array(reuses ? SMALL + 1 : size + 1);
  try {
    // The byte beyond the size shows data that goes on after it.
    const bytes = await reader.read(buffer.subarray(0, size + 1));
    const response = new Response(bytes, init);
    // A reader may have transferred the buffer, but to one as large.
    const isLent = bytes.buffer.byteLength === SMALL + 1;
    if (reuses && isLent && spare.length < KEPT) spare.push(new Uint8Array(bytes.buffer));
    return response;
  } finally {
    await reader.close();
  }
}
