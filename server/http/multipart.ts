/**
 * Several ranges in one body: multipart/byteranges (RFC 9110, sections 14.6 and 15.3.7.2).
 *
 * @module
 */
import type { Bytes } from "../../streams/mod.ts";
import { formatContentRange } from "../../transport/ranges.ts";
import { chunksOf } from "../http1/byte_stream.ts";
import type { Span } from "./spans.ts";

/** A multipart body. */
export interface Multipart {
  /** Its media type, with the boundary. */
  type: string;
  /** Its size in bytes. */
  length: number;
  /**
   * Generates the body. Each range is opened when it is its turn.
   *
   * @returns The bytes, in chunks of at most 64 KiB.
   */
  generate(): AsyncGenerator<Bytes>;
}

/** Size of the chunks, in bytes. A client that does not read holds one of them in memory. */
const CHUNK = 65_536;

/**
 * Creates a multipart body of several spans of an image.
 *
 * @param spans The spans, in the order in which they are sent.
 * @param size Size of the image in bytes.
 * @param type The image's media type.
 * @param open Opens a span.
 * @returns The body.
 */
export function multipart(
  spans: readonly Span[],
  size: number,
  type: string,
  open: (span: Span) => Promise<ReadableStream<Bytes>>,
): Multipart {
  const boundary = crypto.randomUUID();
  const encoder = new TextEncoder();
  // The CRLF before the first boundary belongs to it (RFC 2046, section 5.1.1). It could be left out
  // of the first, but zsync looks for it.
  const heads = spans.map((span) =>
    encoder.encode(
      `\r\n--${boundary}\r\nContent-Type: ${type}\r\n` +
        `Content-Range: ${formatContentRange(span, size)}\r\n\r\n`,
    )
  );
  const tail = encoder.encode(`\r\n--${boundary}--\r\n`);
  const content = spans.reduce((sum, { start, end }) => sum + end - start, 0);
  return {
    type: `multipart/byteranges; boundary=${boundary}`,
    length: heads.reduce((sum, head) => sum + head.length, content + tail.length),
    async *generate() {
      for (const [i, span] of spans.entries()) {
        yield heads[i]!;
        yield* chunksOf(await open(span), CHUNK);
      }
      yield tail;
    },
  };
}
