/**
 * Several ranges in one response: multipart/byteranges (RFC 9110, sections 14.6 and 15.3.7.2).
 *
 * @module
 */
import type { Bytes } from "../../streams/mod.ts";
import { formatContentRange } from "../../transport/ranges.ts";
import type { Span } from "./spans.ts";

/** A multipart body. */
export interface Multipart {
  /** Its media type, with the boundary. */
  type: string;
  /** Its size in bytes. */
  length: number;
  /** The bytes, each range opened when it is its turn. */
  generate(): AsyncGenerator<Bytes>;
}

/** The spans of an image of `size` bytes and a media type, as one body. */
export function multipart(
  spans: readonly Span[],
  size: number,
  type: string,
  open: (span: Span) => Promise<ReadableStream<Bytes>>,
): Multipart {
  const boundary = crypto.randomUUID();
  const encoder = new TextEncoder();
  const heads = spans.map((span, i) =>
    encoder.encode(
      `${i === 0 ? "" : "\r\n"}--${boundary}\r\nContent-Type: ${type}\r\n` +
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
        yield* await open(span);
      }
      yield tail;
    },
  };
}
